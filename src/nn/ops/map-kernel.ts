import { NnError } from '../errors.js';
import type { BufferSlice } from '../kernel/dispatch.js';
import { bind, maxPlanes, windowsOf, type Window } from '../kernel/windows.js';
import { dims4, formatShape, quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

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

/** Runs a map kernel between two sets of maps with the same planes, window by window. */
export function runMapKernel(options: {
  kernel: string;
  defines?: Record<string, number>;
  /** Tensors by the names of their bindings; where a window lies in those of `x` is parameter x_base. */
  x: Record<string, Tensor>;
  y: Record<string, Tensor>;
  params: Record<string, number>;
  grid: { height: number; width: number };
  /** Planes per dispatch; default: as many as the bindings hold. */
  windows?: readonly Window[];
}): void {
  const { device } = Object.values(options.x)[0] as Tensor;
  const planeBytes = (map: Tensor): number => map.byteLength / Math.max(1, planesOf(map));
  const all = [...Object.values(options.x), ...Object.values(options.y)];
  const windows =
    options.windows ??
    windowsOf(planesOf(all[0] as Tensor), {
      unitBytes: all.map(planeBytes),
      limit: device.context.bindingLimit,
      most: maxPlanes,
      unit: 'plane of a map',
    });
  for (const window of windows) {
    const bindings: Record<string, BufferSlice> = {};
    const bindAll = (maps: Record<string, Tensor>): number => {
      let base = 0;
      for (const [name, map] of Object.entries(maps)) {
        const bound = bind(map.buffer, planeBytes(map), window);
        bindings[name] = bound;
        base = bound.base;
      }
      return base;
    };
    const bases = { x_base: bindAll(options.x), y_base: bindAll(options.y) };
    device.dispatch({
      kernel: options.kernel,
      ...(options.defines === undefined ? {} : { defines: options.defines }),
      bindings,
      params: { ...options.params, ...bases },
      workgroups: mapGrid(options.grid.height, options.grid.width, window.count),
    });
  }
}
