import { grid1d } from '../kernel/dispatch.js';
import type { Defines } from '../kernel/preprocess.js';
import { bind, elementWindows } from '../kernel/windows.js';
import type { Tensor } from './tensor.js';

export interface ElementwiseSpec {
  kernel: string;
  defines?: Defines;
  /** Tensors of the same stored size, bound in windows. */
  tensors: Readonly<Record<string, Tensor>>;
  /** Small tensors that are bound whole in every window. */
  whole?: Readonly<Record<string, Tensor>>;
  /**
   * The kernel's text is written in `T` (quads.wgsl): four elements per invocation, 2 to 5 times as fast on
   * software adapters, are used where the element count is a multiple of 4.
   */
  quads?: boolean;
  /** Parameters besides `n`; `start` is the window's place in the tensors. */
  params?: (start: number) => Readonly<Record<string, number>>;
}

/** Runs an elementwise kernel over storage order, in as many windows as the binding limit asks for. */
export function elementwise(spec: ElementwiseSpec): void {
  const first = Object.values(spec.tensors)[0] as Tensor;
  const { device } = first;
  for (const window of elementWindows(first.storedSize, device.context.bindingLimit)) {
    const bound = Object.entries(spec.tensors).map(
      ([name, t]) => [name, bind(t.buffer, 4, window)] as const,
    );
    const asQuads = spec.quads === true && window.count % 4 === 0;
    const n = asQuads ? window.count / 4 : window.count;
    device.dispatch({
      kernel: spec.kernel,
      defines: { ...spec.defines, ...(asQuads ? { QUADS: true } : {}) },
      bindings: { ...Object.fromEntries(bound), ...spec.whole },
      params: { n, ...spec.params?.(window.start) },
      workgroups: grid1d(n),
    });
  }
}
