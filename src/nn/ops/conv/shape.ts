import { NnError } from '../../errors.js';
import { dims4, formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Sizes of a convolution: x (N, C, H, W) * w (O, C, KH, KW) -> y (N, O, OH, OW). */
export interface ConvShape {
  n: number;
  c: number;
  h: number;
  w: number;
  o: number;
  kh: number;
  kw: number;
  oh: number;
  ow: number;
  stride: number;
  pad: number;
  dilation: number;
}

/** Checks a convolution's operands and computes its sizes. */
export function convShape(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: { stride?: number; pad?: number; dilation?: number },
): ConvShape {
  const { stride = 1, pad = 0, dilation = 1 } = options;
  const [n, c, h, w] = dims4(x.shape);
  const [o, ci, kh, kw] = dims4(weight.shape);
  const at = `(input ${formatShape(x.shape)}, weight ${formatShape(weight.shape)})`;
  for (const [name, value, least] of [
    ['stride', stride, 1],
    ['pad', pad, 0],
    ['dilation', dilation, 1],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new NnError(
      'argument',
      `conv2d: ${name} must be a whole number of at least ${least}, got ${value}.`,
    );
  }
  if (x.layout !== 'c4' || weight.shape.length !== 4 || weight.layout !== 'row') {
    throw new NnError(
      'shape',
      `conv2d: the input must be a c4 map and the weight a row tensor of rank 4 ${at}.`,
      { fix: 'convert the input with toC4.' },
    );
  }
  if (c !== ci) {
    throw new NnError('shape', `conv2d: weight has ${ci} input channels, input has ${c} ${at}.`, {
      fix: 'use a weight made for this input.',
    });
  }
  if (bias && bias.size !== o) {
    throw new NnError(
      'shape',
      `conv2d: bias has ${bias.size} values, weight has ${o} output channels ${at}.`,
    );
  }
  const oh = Math.floor((h + 2 * pad - dilation * (kh - 1) - 1) / stride) + 1;
  const ow = Math.floor((w + 2 * pad - dilation * (kw - 1) - 1) / stride) + 1;
  if (oh < 1 || ow < 1) {
    throw new NnError(
      'shape',
      `conv2d: the input is smaller than the kernel ${at}, pad ${pad}, dilation ${dilation}.`,
      { fix: 'use a larger image or more padding.' },
    );
  }
  return { n, c, h, w, o, kh, kw, oh, ow, stride, pad, dilation };
}
