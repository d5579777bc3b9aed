import type { DecodedImage } from '../../src/aofd/data/sample.js';
import type { InputSize, Reader } from './onnx-readers.js';

/**
 * Planes of a picture that is scaled (bilinear, only where it has to be) into the input's corner, all of the
 * input or what `longSide` pixels leave of it.
 * @returns the input's data (1, 3, H, W), and input pixels per pixel of the picture
 */
export function fitPicture(
  { data, width, height }: Pick<DecodedImage, 'data' | 'width' | 'height'>,
  input: InputSize,
  { channels, mean, divisor }: Pick<Reader, 'channels' | 'mean' | 'divisor'>,
  longSide = Infinity,
): { planes: Float32Array; scale: number } {
  const most = longSide / Math.max(width, height);
  const scale = Math.min(input.width / width, input.height / height, most);
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  const area = input.width * input.height;
  const planes = new Float32Array(3 * area).fill((0 - mean) / divisor);
  for (const [plane, channel] of channels.entries()) {
    const target = planes.subarray(plane * area, (plane + 1) * area);
    if (scale === 1) {
      for (let y = 0; y < h; y++) {
        let from = 3 * y * width + channel;
        const end = y * input.width + w;
        for (let to = y * input.width; to < end; to++, from += 3)
          target[to] = ((data[from] as number) - mean) / divisor;
      }
    } else {
      resample(data, { width, height, channel }, target, { width: w, height: h }, input.width);
      for (let y = 0; y < h; y++) {
        const row = target.subarray(y * input.width, y * input.width + w);
        for (let x = 0; x < w; x++) row[x] = ((row[x] as number) - mean) / divisor;
      }
    }
  }
  return { planes, scale };
}

/** One channel of a picture, bilinear, into rows that are `pitch` apart. */
function resample(
  data: ArrayLike<number>,
  from: InputSize & { channel: number },
  target: Float32Array,
  to: InputSize,
  pitch: number,
): void {
  const [xs, ys] = [sourcesOf(to.width, from.width), sourcesOf(to.height, from.height)];
  const at = (x: number, y: number): number =>
    data[3 * (y * from.width + x) + from.channel] as number;
  for (const [y, [y0, y1, v]] of ys.entries()) {
    for (const [x, [x0, x1, u]] of xs.entries()) {
      const upper = at(x0, y0) + u * (at(x1, y0) - at(x0, y0));
      const lower = at(x0, y1) + u * (at(x1, y1) - at(x0, y1));
      target[y * pitch + x] = upper + v * (lower - upper);
    }
  }
}

/** Two neighbours and the weight of the second. */
type Source = readonly [first: number, second: number, weight: number];

/** Where each of `to` places lies among `from`, pixel centres at halves. */
function sourcesOf(to: number, from: number): Source[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const first = Math.floor(place);
    return [first, Math.min(from - 1, first + 1), place - first];
  });
}
