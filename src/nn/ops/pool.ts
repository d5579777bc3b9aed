import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { mapDims, runMapKernel } from './map-kernel.js';

export interface MaxPoolOptions {
  /**
   * Caffe's output size ceil((n - 2) / 2) + 1, the last window clipped to the map, instead of
   * floor (docs/spec.md 1.1). Default true.
   */
  ceil?: boolean;
}

/** Size of the 2x2 max pool of a map of h x w. */
export function pooledSize(
  h: number,
  w: number,
  { ceil = true }: MaxPoolOptions,
): { oh: number; ow: number } {
  const out = (size: number): number => (ceil ? Math.ceil(size / 2) : Math.floor(size / 2));
  const [oh, ow] = [out(h), out(w)];
  if (oh < 1 || ow < 1) {
    throw new NnError('shape', `maxPool2d: a ${h}x${w} map is too small for a 2x2 window.`, {
      fix: 'use a larger image or ceil: true.',
    });
  }
  return { oh, ow };
}

/**
 * 2x2 max pooling with stride 2: x c4 [N, C, H, W] to c4 [N, C, OH, OW]. Of equal maxima the first
 * in row-major order receives the gradient; it is found again in the backward pass.
 */
export function maxPool2d(x: Tensor, options: MaxPoolOptions = {}): Tensor {
  const [n, c, h, w] = mapDims('maxPool2d', x);
  const { oh, ow } = pooledSize(h, w, options);
  const y = x.device.empty([n, c, oh, ow], { layout: 'c4' });
  const params = { h, w, oh, ow };
  runMapKernel({
    kernel: 'pool/max_pool',
    x: { x },
    y: { y },
    params,
    grid: { height: oh, width: ow },
  });
  record({
    op: 'maxPool2d',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = x.device.empty(x.shape, { layout: 'c4' });
      runMapKernel({
        kernel: 'pool/max_pool_backward',
        x: { x, dX },
        y: { dY },
        params,
        grid: { height: Math.ceil(h / 2), width: Math.ceil(w / 2) },
      });
      return [dX];
    },
  });
  return y;
}
