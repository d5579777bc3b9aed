import type { BufferSlice } from '../../kernel/dispatch.js';
import { sliceOf, windowAt } from '../../kernel/windows.js';
import { dims4, quads } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { mapWindows } from '../texture.js';

/** Channels of a c4 map (of one image, or of all where everything fits) that one binding holds. */
export interface ChannelWindow {
  image: number;
  images: number;
  from: number;
  to: number;
  binding: Tensor | BufferSlice;
  /** Elements between the binding's begin and the first channel. */
  base: number;
}

/** All of a map, or its images one by one in ranges of channels: [image][range]. */
export function channelWindows(map: Tensor, whole: boolean): ChannelWindow[][] {
  const [n, c, h, w] = dims4(map.shape);
  if (whole) return [[{ image: 0, images: n, from: 0, to: c, binding: map, base: 0 }]];
  const planeBytes = h * w * 16;
  const ranges = mapWindows(quads(c), planeBytes, map.device.context.bindingLimit);
  return Array.from({ length: n }, (_, image) =>
    ranges.map(({ start, count }) => {
      const window = windowAt(image * quads(c) + start, count, planeBytes);
      const binding = sliceOf(map.buffer, window);
      const to = Math.min(c, 4 * (start + count));
      return { image, images: 1, from: 4 * start, to, binding, base: window.base };
    }),
  );
}

/** Whether one binding holds each of the maps. */
export function fits(...maps: Tensor[]): boolean {
  return maps.every((map) => map.byteLength <= map.device.context.bindingLimit);
}
