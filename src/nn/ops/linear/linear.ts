import { record } from '../../autograd/tape.js';
import { NnError } from '../../errors.js';
import { grid1d } from '../../kernel/dispatch.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor, TensorDevice } from '../../tensor/tensor.js';
import { debugPlan } from '../capabilities.js';
import { capabilitiesOf } from '../conv/environment.js';
import { reluBackward } from '../elementwise.js';
import { tunedLayer } from '../tuning/registry.js';
import { linearKey } from '../tuning/table.js';
import { linearKernels } from './algorithms.js';
import {
  linearAlgorithms,
  planLinear,
  type LinearAlgorithm,
  type LinearPlan,
  type LinearShape,
} from './plan.js';

export { planLinear, type LinearAlgorithm, type LinearPlan } from './plan.js';

export interface LinearOptions {
  /** Clamps the result at 0, fused. Default false. */
  relu?: boolean;
  /** Forces one kind of kernels; for tests and benchmarks. */
  algorithm?: LinearAlgorithm;
}

/**
 * y = x · weightᵀ + bias. x row (R, I), weight row (O, I), bias row (O) or null -> row (R, O).
 * R may be 0. Weights beyond one binding are read as textures, or in windows of rows by the naive
 * kernels, and their gradient is written in windows of rows. Differentiable in x, weight and bias.
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: LinearOptions = {},
): Tensor {
  const [r = 0, i = 0] = x.shape;
  const [o = 0, wi = 0] = weight.shape;
  const at = `(input ${formatShape(x.shape)}, weight ${formatShape(weight.shape)})`;
  if (x.shape.length !== 2 || weight.shape.length !== 2 || x.layout !== 'row') {
    throw new NnError('shape', `linear: input and weight must be row tensors of rank 2 ${at}.`, {
      fix: 'flatten the input with toRow and reshape.',
    });
  }
  if (wi !== i)
    throw new NnError('shape', `linear: weight takes ${wi} features, input has ${i} ${at}.`);
  if (bias && bias.size !== o)
    throw new NnError(
      'shape',
      `linear: bias has ${bias.size} values, weight has ${o} outputs ${at}.`,
    );
  const { device } = x;
  const s = { r, i, o };
  const relu = options.relu ?? false;
  const plan = planLinear(s, {
    ...capabilitiesOf(device),
    tuned: tunedLayer(device.context, linearKey(s)),
    force: options.algorithm ?? forcedAlgorithm(device),
  });
  debugPlan(device, linearKey(s), plan);
  const y = device.empty([r, o]);
  if (r > 0) {
    const tile = plan.tuned?.forward;
    linearKernels[plan.forward].forward({ x, weight, bias, y, s, relu, tile });
  }
  record({
    op: 'linear',
    inputs: [x, weight, bias],
    outputs: [y],
    backward: ([dY], needs) =>
      dY ? linearBackward({ x, weight, bias, y, s, relu, plan }, dY, needs) : [],
  });
  return y;
}

/** What AOFD_ALGORITHM says of matrix products: its other values are for convolutions only. */
function forcedAlgorithm(device: TensorDevice): LinearAlgorithm | undefined {
  const text = device.context.platform.env('AOFD_ALGORITHM');
  return linearAlgorithms.find((name) => name === text);
}

/** What the backward pass needs of the forward one. */
interface Recorded {
  x: Tensor;
  weight: Tensor;
  bias: Tensor | null;
  y: Tensor;
  s: LinearShape;
  relu: boolean;
  plan: LinearPlan;
}

function linearBackward(f: Recorded, dY: Tensor, needs: boolean[]): (Tensor | null)[] {
  const { x, weight, bias, s, plan } = f;
  const { device } = x;
  const [needX, needW, needB] = needs;
  const g = f.relu ? reluBackward(f.y, dY) : dY;
  let dX: Tensor | null = null;
  let dW: Tensor | null = null;
  let dB: Tensor | null = null;
  if (needX) {
    dX = device.empty(x.shape);
    const tile = plan.tuned?.inputGradient;
    if (s.r > 0) linearKernels[plan.inputGradient].inputGradient({ dY: g, weight, dX, s, tile });
  }
  if (needW) {
    dW = s.r > 0 ? device.empty(weight.shape) : device.zeros(weight.shape);
    const tile = plan.tuned?.weightGradient;
    if (s.r > 0)
      linearKernels[plan.weightGradient].weightGradient({ dY: g, x, weight, dW, s, tile });
  }
  if (needB && bias) {
    dB = device.empty(bias.shape);
    device.dispatch({
      kernel: 'gemm/column_sums',
      bindings: { g, db: dB },
      params: { rows: s.r, cols: s.o },
      workgroups: grid1d(s.o),
    });
  }
  g.freeDerived();
  x.freeDerived();
  if (g !== dY) g.dispose();
  return [dX, dW, dB];
}
