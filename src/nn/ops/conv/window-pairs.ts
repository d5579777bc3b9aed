import { mapWindows, type MapWindow } from '../../kernel/windows.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Windows of two maps over the same images; every one of `x` meets every one of `y`. */
export interface WindowPairs {
  x: MapWindow[];
  y: MapWindow[];
}

/**
 * Two maps of a convolution, bound at once: both whole where one binding holds each of them, else
 * image by image.
 */
export function windowPairs(x: Tensor, y: Tensor): WindowPairs[] {
  const limit = x.device.context.bindingLimit;
  if (Math.max(x.byteLength, y.byteLength) <= limit) {
    return [{ x: mapWindows(x, { limit }), y: mapWindows(y, { limit }) }];
  }
  const [ofX, ofY] = [x, y].map((map) => mapWindows(map, { limit, apart: true }));
  return Array.from({ length: x.shape[0] ?? 0 }, (_, image) => ({
    x: (ofX as MapWindow[]).filter((window) => window.imageFrom === image),
    y: (ofY as MapWindow[]).filter((window) => window.imageFrom === image),
  }));
}

/** Channels of a window of a map of `channels` channels: from .. to - 1. */
export function channelsOf(
  { quadFrom, quadCount }: MapWindow,
  channels: number,
): { from: number; to: number; count: number } {
  const from = 4 * quadFrom;
  const to = Math.min(channels, from + 4 * quadCount);
  return { from, to, count: to - from };
}
