import type { BufferSlice } from '../../kernel/dispatch.js';
import { sliceOf, windowAt } from '../../kernel/windows.js';
import { dims4, quads } from '../../tensor/shape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { mapWindows } from '../texture.js';

/** A part of a c4 map that one binding holds: images and, for one image, a range of quads. */
export interface OutputWindow {
  imageFrom: number;
  images: number;
  quadFrom: number;
  quadTo: number;
  slice: BufferSlice;
  /** vec4 elements between the binding's begin and the window's first plane. */
  base: number;
}

/**
 * The whole map as one window where it fits a binding, else image by image in ranges of quads, whole
 * panels of 4L channels where possible: a panel in two windows would be computed twice.
 */
export function outputWindows(device: TensorDevice, map: Tensor): OutputWindow[] {
  const [n, c, h, w] = dims4(map.shape);
  const q = quads(c);
  const planeBytes = h * w * 16;
  const limit = device.context.bindingLimit;
  const { buffer } = map;
  if (n * q * planeBytes <= limit) {
    return [
      {
        imageFrom: 0,
        images: n,
        quadFrom: 0,
        quadTo: q,
        slice: { buffer, offset: 0, size: n * q * planeBytes },
        base: 0,
      },
    ];
  }
  const windows: OutputWindow[] = [];
  for (let image = 0; image < n; image++) {
    for (const { start, count } of mapWindows(q, planeBytes, limit, device.subgroupSize)) {
      const window = windowAt(image * q + start, count, planeBytes);
      windows.push({
        imageFrom: image,
        images: 1,
        quadFrom: start,
        quadTo: start + count,
        slice: sliceOf(buffer, window),
        base: window.base / 4,
      });
    }
  }
  return windows;
}
