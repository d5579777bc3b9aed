import { needsGrad, record } from '../../autograd/tape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { presentName } from '../algorithm-names.js';
import { debugPlan } from '../capabilities.js';
import { tunedLayer } from '../tuning/registry.js';
import { convKey } from '../tuning/table.js';
import { convKernels } from './algorithms.js';
import { convBackward } from './backward.js';
import { capabilitiesOf, convEnvironment } from './environment.js';
import { planConv, type ConvAlgorithm, type ConvPlan, type ConvPrecision } from './plan.js';
import { convShape, type ConvShape } from './shape.js';

export interface Conv2dOptions {
  /** Step between output positions, both axes. Default 1. */
  stride?: number;
  /** Zeros around the input, both axes. Default 0. */
  pad?: number;
  /** Step between taps, both axes. Default 1. */
  dilation?: number;
  /** Clamps the result at 0, fused. Default false. */
  relu?: boolean;
  /**
   * How far rounding may grow for speed: `exact`, `high` or `fast` (see ConvPrecision). Default: the
   * environment's AOFD_PRECISION, else `fast`.
   */
  precision?: ConvPrecision;
  /** Forces one algorithm for every pass; for tests and benchmarks. `direct`: the old name of `lanes`. */
  algorithm?: ConvAlgorithm | 'direct';
}

/** The algorithms of a convolution's passes on this device. */
export function planOf(device: TensorDevice, s: ConvShape, options: Conv2dOptions): ConvPlan {
  const chosen = convEnvironment(device.context.platform);
  const key = convKey(s);
  const made = planConv(s, {
    ...capabilitiesOf(device),
    tuned: tunedLayer(device.context, key),
    precision: options.precision ?? chosen.precision ?? 'fast',
    force: options.algorithm ? (presentName(options.algorithm) as ConvAlgorithm) : chosen.algorithm,
  });
  debugPlan(device, key, made);
  return made;
}

/**
 * Two-dimensional cross-correlation (deep learning's convolution).
 * x c4 (N, C, H, W), weight row (O, C, KH, KW), bias row (O) or null -> c4 (N, O, OH, OW) with
 * OH = floor((H + 2·pad − dilation·(KH − 1) − 1) / stride) + 1.
 * Differentiable in x, weight and bias.
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: Conv2dOptions = {},
): Tensor {
  const s = convShape(x, weight, bias, options);
  const { device } = x;
  const relu = options.relu ?? false;
  const plan = planOf(device, s, options);
  const y = device.empty([s.n, s.o, s.oh, s.ow], { layout: 'c4' });
  if (y.size > 0) {
    const tile = plan.tuned?.forward;
    convKernels[plan.forward].forward({ x, weight, bias, y, s, relu, tile });
  }
  record({
    op: 'conv2d',
    inputs: [x, weight, bias],
    outputs: [y],
    backward: ([dY], needs) =>
      dY ? convBackward({ x, weight, bias, y, s, relu, plan }, dY, needs) : [],
  });
  // Without a tape nobody asks for this map's texture again once the next layer has read it.
  if (!needsGrad(x) && !needsGrad(weight) && device.tape === null) x.freeDerived();
  return y;
}
