import { windows1d } from '../kernel/windows.js';
import type { Tensor } from '../tensor/tensor.js';

/** A range of elements with the byte range to bind. */
export interface ElementWindow {
  count: number;
  offset: number;
  size: number;
}

/** The windows in which an elementwise kernel covers a tensor's stored elements. */
export function elementWindows(tensor: Tensor, maxElements = Infinity): ElementWindow[] {
  const limit = Math.min(tensor.device.context.bindingLimit, maxElements * 4);
  return windows1d(tensor.storedSize, limit).map(({ start, count }) => ({
    count,
    offset: start * 4,
    size: count * 4,
  }));
}
