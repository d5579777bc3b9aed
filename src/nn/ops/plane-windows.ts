import { NnError } from '../errors.js';
import type { BufferSlice } from '../kernel/dispatch.js';
import { sliceOf, windowAt } from '../kernel/windows.js';
import { dims4, formatShape, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { planPlanes, type PlaneWindow } from './map-plan.js';

export type { MapSource, PlaneWindow } from './map-plan.js';

/**
 * Splits `planes` equal storage units so that each tensor's window fits into one binding and a
 * grid axis that runs over the planes stays legal (see planPlanes).
 */
export function planeWindows(planes: number, tensors: readonly Tensor[]): PlaneWindow[] {
  const limit = Math.min(Infinity, ...tensors.map((t) => t.device.context.bindingLimit));
  const units = tensors.map((t) => ({
    name: t.describe(),
    unitBytes: t.byteLength / Math.max(1, planes),
  }));
  return planPlanes(planes, units, limit);
}

/** The part of a tensor that holds a window's planes, and where (in elements) they start in it. */
export function bindPlanes(
  tensor: Tensor,
  planes: number,
  window: PlaneWindow,
): { binding: Tensor | BufferSlice; base: number } {
  if (window.count === planes) return { binding: tensor, base: 0 };
  const unit = tensor.byteLength / Math.max(1, planes);
  const placed = windowAt(window.first, window.count, unit);
  return { binding: sliceOf(tensor.buffer, placed), base: placed.base };
}

/** Planes of a `c4` tensor: N · ceil(C / 4). */
export function planesOf(x: Tensor): number {
  return (x.shape[0] as number) * quads(x.shape[1] as number);
}

/** N, C, H, W of an operation's `c4` input, or an error that names the operation. */
export function mapDims(op: string, x: Tensor): [number, number, number, number] {
  if (x.layout !== 'c4' || x.shape.length !== 4) {
    throw new NnError(
      'layout',
      `${op}: the input must be a c4 map [N, C, H, W], got ${x.describe()}.`,
      {
        fix: 'convert it with toC4.',
      },
    );
  }
  return dims4(x.shape);
}

/** Throws when a tensor is not a dense f32 tensor of this shape. */
export function expectRow(op: string, role: string, x: Tensor, shape: readonly number[]): void {
  const same = x.shape.length === shape.length && x.shape.every((d, i) => d === shape[i]);
  if (same && x.layout === 'row' && x.dtype === 'f32') return;
  throw new NnError(
    'shape',
    `${op}: ${role} must be row f32 ${formatShape(shape)}, got ${x.describe()}.`,
    {
      fix: `pass ${role} with that shape (reshape, toRow).`,
    },
  );
}

/** Workgroups of a map kernel of workgroup size 32 x 8: x over columns and lanes, y over rows. */
export function mapGrid(height: number, width: number, planes: number): [number, number, number] {
  return [Math.ceil((width * 4) / 32), Math.ceil(height / 8), planes];
}

/** Runs a map kernel between `small` and `large` maps of the same planes, window by window. */
export function runMapKernel(options: {
  kernel: string;
  defines?: Record<string, number>;
  /** Binding name to tensor; `x...` names take base x_base, others y_base. */
  x: Record<string, Tensor>;
  y: Record<string, Tensor>;
  params: Record<string, number>;
  grid: { height: number; width: number };
  /** Planes per dispatch; default: as many as the bindings hold. */
  windows?: readonly PlaneWindow[];
}): void {
  const xs = Object.entries(options.x);
  const ys = Object.entries(options.y);
  const first = (xs[0] as [string, Tensor])[1];
  const planes = planesOf(first);
  const all = [...xs, ...ys].map(([, t]) => t);
  for (const window of options.windows ?? planeWindows(planes, all)) {
    const bindings: Record<string, Tensor | BufferSlice> = {};
    const bases = { x_base: 0, y_base: 0 };
    for (const [name, tensor] of xs) {
      const bound = bindPlanes(tensor, planes, window);
      bindings[name] = bound.binding;
      bases.x_base = bound.base;
    }
    for (const [name, tensor] of ys) {
      const bound = bindPlanes(tensor, planes, window);
      bindings[name] = bound.binding;
      bases.y_base = bound.base;
    }
    first.device.dispatch({
      kernel: options.kernel,
      ...(options.defines === undefined ? {} : { defines: options.defines }),
      bindings,
      params: { ...options.params, ...bases },
      workgroups: mapGrid(options.grid.height, options.grid.width, window.count),
    });
  }
}
