import { nd, type TwinArray } from './nd.js';

export interface PictureTwinOptions {
  width: number;
  height: number;
  channels: number;
  scale: number;
  mapWidth: number;
  mapHeight: number;
  mean: readonly number[];
  std: readonly number[];
  bgr: boolean;
}

/** Size of an axis of `n` pixels times `scale`, halves to even, at least 1. */
export function scaledLength(n: number, scale: number): number {
  const value = n * scale;
  const nearest = Math.floor(value + 0.5);
  const isHalf = value % 1 === 0.5;
  return Math.max(1, isHalf && nearest % 2 === 1 ? nearest - 1 : nearest);
}

/** Bilinear resize, normalisation and padding of interleaved bytes -> [1, 3, mapHeight, mapWidth]. */
export function pictureToMapTwin(bytes: ArrayLike<number>, o: PictureTwinOptions): TwinArray {
  const y = nd([1, 3, o.mapHeight, o.mapWidth]);
  const contentW = scaledLength(o.width, o.scale);
  const contentH = scaledLength(o.height, o.scale);
  const pixel = (row: number, column: number, c: number): number => {
    const r = Math.min(o.height - 1, Math.max(0, row));
    const s = Math.min(o.width - 1, Math.max(0, column));
    return bytes[(r * o.width + s) * o.channels + c] as number;
  };
  for (let c = 0; c < 3; c++)
    for (let row = 0; row < contentH; row++)
      for (let column = 0; column < contentW; column++) {
        const sy = (row + 0.5) / o.scale - 0.5;
        const sx = (column + 0.5) / o.scale - 0.5;
        const [y0, x0] = [Math.floor(sy), Math.floor(sx)];
        const source = o.bgr ? 2 - c : c;
        let value = 0;
        for (const [dy, wy] of [[0, 1 - (sy - y0)] as const, [1, sy - y0] as const])
          for (const [dx, wx] of [[0, 1 - (sx - x0)] as const, [1, sx - x0] as const])
            value += wy * wx * pixel(y0 + dy, x0 + dx, source);
        y.data[(c * o.mapHeight + row) * o.mapWidth + column] =
          (value - (o.mean[c] as number)) / (o.std[c] as number);
      }
  return y;
}
