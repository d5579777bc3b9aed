import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { bind, maxPlanes, windowsOf, type Window } from '../kernel/windows.js';
import { quads } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { expectRow, mapDims } from './map-kernel.js';

/** Cells that a fraction of a map means: floor(fraction · cells) (docs/spec.md 3.2: 1/4 of 49 is 12). */
export function maskedCells(fraction: number, cells: number): number {
  return Math.floor(fraction * cells + 1e-9);
}

/** What `kSmallestMask` gives. */
export interface KSmallest {
  /** row [R, P]: 0 at the k smallest cells of each row, 1 elsewhere. */
  mask: Tensor;
  /** row [R]: mean of the k-th and (k+1)-th smallest value. No gradient. */
  tau: Tensor;
}

/**
 * Hard mask of the mask generator: h row [R, P], 0 < k < P; of equal values the lower index is
 * masked first. The gradient is straight-through and threshold-centred: as if the mask were
 * sigmoid(h - tau) with tau constant (docs/spec.md 3.3).
 */
export function kSmallestMask(h: Tensor, k: number): KSmallest {
  const [rows = 0, cells = 0] = h.shape;
  expectRow('kSmallestMask', 'h', h, [rows, cells]);
  if (!Number.isInteger(k) || k < 1 || k >= cells) {
    throw new NnError(
      'argument',
      `kSmallestMask: k must be a whole number from 1 to ${cells - 1}, got ${k}.`,
      {
        fix: 'use maskedCells(fraction, cells).',
      },
    );
  }
  if (rows > 65535) throw new NnError('shape', `kSmallestMask: at most 65535 rows, got ${rows}.`);
  const { device } = h;
  const mask = device.empty(h.shape);
  const tau = device.empty([rows]);
  const workgroups = [Math.ceil(cells / 64), rows] as const;
  device.dispatch({
    kernel: 'mask/k_smallest',
    bindings: { h, mask, tau },
    params: { cells, k },
    workgroups,
  });
  record({
    op: 'kSmallestMask',
    inputs: [h],
    outputs: [mask],
    backward: ([dM]) => {
      if (!dM) return [null];
      const dH = device.empty(h.shape);
      device.dispatch({
        kernel: 'mask/k_smallest_backward',
        bindings: { h, tau, dM, dH },
        params: { cells },
        workgroups,
      });
      return [dH];
    },
  });
  return { mask, tau };
}

/** Rows of c4 maps of `c4` quads and `cells` cells in windows. */
function rowWindows(x: Tensor, c4: number, cells: number): Window[] {
  return windowsOf(x.shape[0] ?? 0, {
    unitBytes: c4 * cells * 16,
    limit: x.device.context.bindingLimit,
    most: maxPlanes,
    unit: 'row of maps',
  });
}

function multiply(x: Tensor, mask: Tensor, c4: number, cells: number): Tensor {
  const y = x.device.empty(x.shape, { layout: 'c4' });
  for (const window of rowWindows(x, c4, cells)) {
    const from = bind(x.buffer, c4 * cells * 16, window);
    const to = bind(y.buffer, c4 * cells * 16, window);
    x.device.dispatch({
      kernel: 'mask/mul_mask',
      bindings: { x: from, mask, y: to },
      params: { quads: c4, cells, first: window.start, x_base: from.base, y_base: to.base },
      workgroups: [Math.ceil(cells / 8), Math.ceil(c4 / 8), window.count],
    });
  }
  return y;
}

function maskGradient(x: Tensor, dY: Tensor, mask: Tensor, c4: number, cells: number): Tensor {
  const dM = x.device.empty(mask.shape);
  for (const window of rowWindows(x, c4, cells)) {
    const features = bind(x.buffer, c4 * cells * 16, window);
    const gradient = bind(dY.buffer, c4 * cells * 16, window);
    x.device.dispatch({
      kernel: 'mask/mul_mask_backward_mask',
      bindings: { x: features, dY: gradient, dM },
      params: {
        quads: c4,
        cells,
        first: window.start,
        x_base: features.base,
        y_base: gradient.base,
      },
      workgroups: [Math.ceil(cells / 64), window.count],
    });
  }
  return dM;
}

/**
 * Multiplies every channel of x c4 [R, C, H, W] by its row of mask row [R, H·W]; no rescaling
 * (docs/spec.md 3.2). Both inputs get gradients.
 */
export function mulMask(x: Tensor, mask: Tensor): Tensor {
  const [rows, channels, h, w] = mapDims('mulMask', x);
  const cells = h * w;
  expectRow('mulMask', 'mask', mask, [rows, cells]);
  const c4 = quads(channels);
  const y = multiply(x, mask, c4, cells);
  record({
    op: 'mulMask',
    inputs: [x, mask],
    outputs: [y],
    backward: ([dY], [needsX, needsMask]) => {
      if (!dY) return [null, null];
      return [
        needsX ? multiply(dY, mask, c4, cells) : null,
        needsMask ? maskGradient(x, dY, mask, c4, cells) : null,
      ];
    },
  });
  return y;
}
