import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { streamOf } from '../tensor/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { elementwise } from '../tensor/run-elementwise.js';
import { emptyLike } from './common.js';

export interface DropoutOptions {
  /** Probability with which an element becomes 0, in [0, 1). */
  p: number;
  /** Seed of the run. */
  seed: number;
  /** Which use in the run: a number, or a name that is hashed. Take another one each step. */
  stream: number | string;
}

/**
 * Inverted dropout: an element is 0 with probability p, else x / (1 − p). Element i (in storage
 * order) is kept or not by the counter-based number (seed, stream, i), so the result depends on
 * nothing else and the gradient needs no mask.
 */
export function dropout(x: Tensor, { p, seed, stream }: DropoutOptions): Tensor {
  if (!(p >= 0 && p < 1)) {
    throw new NnError('range', `dropout: p must be in [0, 1), got ${p}.`);
  }
  const id = typeof stream === 'string' ? streamOf(stream) : stream >>> 0;
  const apply = (from: Tensor): Tensor => {
    const to = emptyLike(from);
    elementwise({
      kernel: 'random/dropout',
      tensors: { x: from, y: to },
      params: (start) => ({ start, seed: seed >>> 0, stream: id, p, factor: 1 / (1 - p) }),
    });
    return to;
  };
  const y = apply(x);
  record({
    op: 'dropout',
    inputs: [x],
    outputs: [y],
    backward: ([dY]) => [dY ? apply(dY) : null],
  });
  return y;
}
