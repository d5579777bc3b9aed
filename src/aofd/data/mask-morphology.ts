/** Small operations on masks [H, W] of 0 and 1. Beyond the border a mask is taken to go on as it ends. */

/** Pixels whose whole square of 2 `radius` + 1 px is set. */
export function erode(
  mask: Uint8Array,
  width: number,
  height: number,
  radius = 1,
): Uint8Array<ArrayBuffer> {
  return inSquares(mask, width, height, radius, true);
}

/** Pixels with any set pixel in their square of 2 `radius` + 1 px. */
export function dilate(
  mask: Uint8Array,
  width: number,
  height: number,
  radius = 1,
): Uint8Array<ArrayBuffer> {
  return inSquares(mask, width, height, radius, false);
}

/** Erosion then dilation by a disc of `radius` px: what is thinner than it goes. */
export function openDisc(
  mask: Uint8Array,
  width: number,
  height: number,
  radius: number,
): Uint8Array {
  const offsets: [dx: number, dy: number][] = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      if (dx * dx + dy * dy <= radius * radius) offsets.push([dx, dy]);
    }
  }
  const out = new Uint8Array(mask.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask[y * width + x] !== 1) continue;
      const isWhole = offsets.every(([dx, dy]) => {
        const [u, v] = [x + dx, y + dy];
        // Beyond the border the mask is taken to go on.
        return u < 0 || v < 0 || u >= width || v >= height || mask[v * width + u] === 1;
      });
      if (!isWhole) continue;
      for (const [dx, dy] of offsets) {
        const [u, v] = [x + dx, y + dy];
        if (u >= 0 && v >= 0 && u < width && v < height) out[v * width + u] = 1;
      }
    }
  }
  return out;
}

/** Dilation then erosion: gaps thinner than 3 px close. */
export function close3(mask: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  return erode(dilate(mask, width, height), width, height);
}

/**
 * Whether all pixels of the square around a pixel are set, as far as it lies in the picture, or any. Columns of
 * the square are counted first, then moved along the row: the cost does not depend on the radius.
 */
function inSquares(
  mask: Uint8Array,
  width: number,
  height: number,
  radius: number,
  wantsAll: boolean,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(mask.length);
  const columns = new Int32Array(width);
  const addRow = (y: number, sign: number): void => {
    if (y < 0 || y >= height) return;
    for (let x = 0, at = y * width; x < width; x++, at++) columns[x]! += sign * mask[at]!;
  };
  for (let y = 0; y < radius; y++) addRow(y, 1);
  for (let y = 0; y < height; y++) {
    addRow(y + radius, 1);
    addRow(y - radius - 1, -1);
    const rows = Math.min(height, y + radius + 1) - Math.max(0, y - radius);
    let count = 0;
    for (let x = 0; x < Math.min(radius, width); x++) count += columns[x]!;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      if (x + radius < width) count += columns[x + radius]!;
      if (x - radius - 1 >= 0) count -= columns[x - radius - 1]!;
      const wide = Math.min(width, x + radius + 1) - Math.max(0, x - radius);
      if (wantsAll ? count === rows * wide : count > 0) out[at] = 1;
    }
  }
  return out;
}

/** Connected parts (8 neighbours): label per pixel (0 = none, 1.. in order of first pixel), sizes. */
export function partsOf(
  mask: Uint8Array,
  width: number,
  height: number,
): { labels: Int32Array; sizes: number[] } {
  const labels = new Int32Array(mask.length);
  const sizes: number[] = [];
  const stack: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== 1 || labels[start] !== 0) continue;
    const label = sizes.push(0);
    labels[start] = label;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      sizes[label - 1]!++;
      const x = at % width;
      const y = (at - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const next = v * width + u;
          if (mask[next] !== 1 || labels[next] !== 0) continue;
          labels[next] = label;
          stack.push(next);
        }
      }
    }
  }
  return { labels, sizes };
}

/** The mask without connected parts of fewer than `least` pixels. */
export function dropSmallParts(
  mask: Uint8Array,
  width: number,
  height: number,
  least: number,
): Uint8Array {
  const { labels, sizes } = partsOf(mask, width, height);
  return pick(labels, [0, ...sizes.map((size) => (size >= least ? 1 : 0))]);
}

/** The largest connected part. */
export function largestPart(mask: Uint8Array, width: number, height: number): Uint8Array {
  const { labels, sizes } = partsOf(mask, width, height);
  let largest = 0;
  sizes.forEach((size, i) => {
    if (largest === 0 || size > sizes[largest - 1]!) largest = i + 1;
  });
  return pick(labels, [0, ...sizes.map((_, i) => (i + 1 === largest ? 1 : 0))]);
}

/** A mask of what each label stands for. */
function pick(labels: Int32Array, values: readonly number[]): Uint8Array {
  const table = Uint8Array.from(values);
  const mask = new Uint8Array(labels.length);
  for (let i = 0; i < mask.length; i++) mask[i] = table[labels[i]!]!;
  return mask;
}
