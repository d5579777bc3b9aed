import { grid1d, type BufferSlice } from '../kernel/dispatch.js';
import { sliceOf, windows1d } from '../kernel/windows.js';
import type { Tensor } from '../tensor/tensor.js';

/** a + b as a new tensor, over storage order (same shape and layout). */
export function accumulate(a: Tensor, b: Tensor): Tensor {
  return combine(a, b, 1, 1);
}

/** factor · a as a new tensor. */
export function scaled(a: Tensor, factor: number): Tensor {
  const y = a.device.empty(a.shape, { layout: a.layout, name: a.name });
  overWindows('elementwise/scale', { x: a, y }, { factor });
  return y;
}

/** alpha · a + beta · b as a new tensor. */
export function combine(a: Tensor, b: Tensor, alpha: number, beta: number): Tensor {
  const y = a.device.empty(a.shape, { layout: a.layout, name: a.name });
  overWindows('elementwise/add', { a, b, y }, { alpha, beta });
  return y;
}

/** Gradients of large weights exceed one binding: fc6 of VGG16 has 411 MB. */
function overWindows(
  kernel: string,
  tensors: Readonly<Record<string, Tensor>>,
  params: Readonly<Record<string, number>>,
): void {
  const first = Object.values(tensors)[0] as Tensor;
  const { device } = first;
  for (const { start, count } of windows1d(first.storedSize, device.context.bindingLimit)) {
    const bindings: Record<string, BufferSlice> = {};
    for (const [name, t] of Object.entries(tensors)) {
      bindings[name] = sliceOf(t.buffer, { offset: start * 4, size: count * 4 });
    }
    // Four elements per invocation are 2 to 5 times as fast on software adapters.
    const isQuads = count % 4 === 0;
    const n = isQuads ? count / 4 : count;
    device.dispatch({
      kernel,
      defines: isQuads ? { QUADS: true } : {},
      bindings,
      params: { n, ...params },
      workgroups: grid1d(n),
    });
  }
}
