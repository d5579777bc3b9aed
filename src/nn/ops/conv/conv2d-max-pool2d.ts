import { needsGrad } from '../../autograd/tape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { maxPool2d, pooledSize, type MaxPoolOptions } from '../pool.js';
import { conv2d, planOf, type Conv2dOptions } from './conv2d.js';
import { convShape } from './shape.js';
import { winogradForward } from './winograd.js';

/**
 * maxPool2d(conv2d(x, weight, bias, options), options), the same bits. Where no gradient is recorded
 * and Winograd serves the layer, its last transform takes the maxima: the map of full size, the
 * largest thing in a VGG block, is neither written nor read.
 * x c4 (N, C, H, W), weight row (O, C, KH, KW), bias row (O) or null -> c4 (N, O, PH, PW), PH and PW half
 * of conv2d's sizes, rounded up, or down with `ceil: false`. Differentiable in x, weight and bias.
 */
export function conv2dMaxPool2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: Conv2dOptions & MaxPoolOptions = {},
): Tensor {
  const { device } = x;
  const s = convShape(x, weight, bias, options);
  const { forward } = planOf(device, s, options);
  const isRecorded = needsGrad(x) || needsGrad(weight) || needsGrad(bias);
  if (isRecorded || s.n === 0 || (forward !== 'winograd2' && forward !== 'winograd4')) {
    const full = conv2d(x, weight, bias, options);
    const y = maxPool2d(full, options);
    if (!isRecorded) full.dispose();
    return y;
  }
  const { oh, ow } = pooledSize(s.oh, s.ow, options);
  const y = device.empty([s.n, s.o, oh, ow], { layout: 'c4' });
  const pass = { x, weight, bias, y, s, relu: options.relu ?? false, tile: undefined };
  winogradForward(pass, forward === 'winograd2' ? 2 : 4, true);
  if (device.tape === null) x.freeDerived();
  return y;
}
