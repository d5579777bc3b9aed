import { grid1d } from '../kernel/dispatch.js';
import { sliceOf, windows1d } from '../kernel/windows.js';
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

/**
 * Runs an elementwise kernel over equally sized tensors, window by window. `whole` tensors (a
 * factor) are bound entirely.
 */
export function runElementwise(
  kernel: string,
  tensors: Readonly<Record<string, Tensor>>,
  params: Readonly<Record<string, number>>,
  options: { defines?: Record<string, number | boolean>; whole?: Record<string, Tensor> } = {},
): void {
  const first = Object.values(tensors)[0] as Tensor;
  for (const window of elementWindows(first)) {
    const bindings = Object.fromEntries(
      Object.entries(tensors).map(([name, t]) => [name, sliceOf(t.buffer, window)]),
    );
    first.device.dispatch({
      kernel,
      ...(options.defines === undefined ? {} : { defines: options.defines }),
      bindings: { ...bindings, ...options.whole },
      params: { ...params, n: window.count },
      workgroups: grid1d(window.count),
    });
  }
}
