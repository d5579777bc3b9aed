/** Small operations on masks [H, W] of 0 and 1. Beyond the border a mask is taken to go on as it ends. */

/** Pixels whose whole 3 x 3 neighbourhood is set. */
export function erode3(mask: Uint8Array, width: number, height: number): Uint8Array {
  return neighbours3(mask, width, height, (a, b, c) => a & b & c);
}

/** Pixels with any set pixel in their 3 x 3 neighbourhood. */
export function dilate3(mask: Uint8Array, width: number, height: number): Uint8Array {
  return neighbours3(mask, width, height, (a, b, c) => a | b | c);
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
export function close3(mask: Uint8Array, width: number, height: number): Uint8Array {
  return erode3(dilate3(mask, width, height), width, height);
}

function neighbours3(
  mask: Uint8Array,
  width: number,
  height: number,
  join: (a: number, b: number, c: number) => number,
): Uint8Array {
  const rows = new Uint8Array(mask.length);
  for (let y = 0; y < height; y++) {
    const base = y * width;
    for (let x = 0; x < width; x++) {
      const here = mask[base + x]!;
      const before = x > 0 ? mask[base + x - 1]! : here;
      const after = x + 1 < width ? mask[base + x + 1]! : here;
      rows[base + x] = join(before, here, after);
    }
  }
  const out = new Uint8Array(mask.length);
  for (let y = 0; y < height; y++) {
    const above = Math.max(0, y - 1) * width;
    const below = Math.min(height - 1, y + 1) * width;
    for (let x = 0; x < width; x++) {
      out[y * width + x] = join(rows[above + x]!, rows[y * width + x]!, rows[below + x]!);
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
  return Uint8Array.from(labels, (label) => (label > 0 && sizes[label - 1]! >= least ? 1 : 0));
}

/** The largest connected part. */
export function largestPart(mask: Uint8Array, width: number, height: number): Uint8Array {
  const { labels, sizes } = partsOf(mask, width, height);
  const largest = sizes.indexOf(Math.max(...sizes)) + 1;
  return Uint8Array.from(labels, (label) => (largest > 0 && label === largest ? 1 : 0));
}
