import { NnError } from '../errors.js';
import { bind, elementWindows } from '../kernel/windows.js';
import type { Tensor } from '../tensor/tensor.js';
import { groupsOf, runSlots, slotsOf } from './slots.js';

/** Elements, or quads, that one workgroup of the reduction kernels covers. */
const perGroup = 4096;
/** Elements of one dispatch: 65535 workgroups at most. */
const perDispatch = 65535 * perGroup;

function gradientsOf(params: readonly Tensor[]): Tensor[] {
  return params.flatMap((p) => (p.grad && p.requiresGrad && p.grad.size > 0 ? [p.grad] : []));
}

/** [norm, factor] on the device: the L2 norm of all tensors together and min(1, limit / norm). */
function normOf(tensors: readonly Tensor[], limit: number): Tensor {
  const { device } = tensors[0] as Tensor;
  const slots = tensors.flatMap((x) => slotsOf({ x }));
  const places = groupsOf(slots, perGroup);
  const sums = device.empty([places]);
  runSlots(device, 'optim/square_sums', slots, {
    perGroup,
    whole: { sums },
    params: (first) => ({ first }),
  });
  const norm = device.empty([2]);
  device.dispatch({
    kernel: 'optim/norm',
    bindings: { sums, norm },
    params: { n: places, limit },
    workgroups: [1],
  });
  sums.dispose();
  return norm;
}

/** Global L2 norm of the gradients of these parameters (0 when none has one). One small readback. */
export async function gradNormAsync(params: readonly Tensor[]): Promise<number> {
  const gradients = gradientsOf(params);
  if (gradients.length === 0) return 0;
  const norm = normOf(gradients, 1);
  try {
    return (await norm.readAsync('gradient norm'))[0] as number;
  } finally {
    norm.dispose();
  }
}

/**
 * Row [2] = (global L2 norm of the gradients, factor that clips it to `maxNorm`) on the device, for
 * `Optimizer.step`, which applies the factor as it reads the gradients: half the memory traffic of
 * `clipGradNorm`, and the same bits. The caller (or its scope) frees it. Null when no parameter has
 * a gradient.
 */
export function clipFactor(params: readonly Tensor[], maxNorm: number): Tensor | null {
  if (!(maxNorm > 0)) {
    throw new NnError('argument', `the norm to clip to must be above 0, got ${maxNorm}.`, {
      fix: 'pass the largest norm to allow, or do not clip.',
    });
  }
  const gradients = gradientsOf(params);
  return gradients.length === 0 ? null : normOf(gradients, maxNorm);
}

/**
 * Scales all gradients in place so that their global L2 norm is at most `maxNorm`, without
 * reading anything back. Returns row [2] = (norm before, factor applied) on the device for a
 * later readback; the caller (or its scope) frees it. Null when no parameter has a gradient.
 */
export function clipGradNorm(params: readonly Tensor[], maxNorm: number): Tensor | null {
  const norm = clipFactor(params, maxNorm);
  if (!norm) return null;
  const gradients = gradientsOf(params);
  const slots = gradients.flatMap((x) => slotsOf({ x }));
  const whole = { factor: norm };
  runSlots(norm.device, 'optim/scale_by', slots, { whole, params: () => ({ offset: 1 }) });
  return norm;
}

/**
 * Names of those f32 tensors that hold an infinity or a NaN, found by their bits on the device.
 * One readback of 4 bytes per tensor.
 */
export async function nonFiniteProbeAsync(tensors: readonly Tensor[]): Promise<string[]> {
  const floats = tensors.filter((t) => t.dtype === 'f32' && t.size > 0);
  const first = floats[0];
  if (!first) return [];
  const flags = first.device.zeros([floats.length], { dtype: 'u32' });
  const limit = first.device.context.bindingLimit;
  floats.forEach((t, slot) => {
    for (const window of elementWindows(t.storedSize, limit, perDispatch)) {
      t.device.dispatch({
        kernel: 'optim/non_finite',
        bindings: { bits: bind(t.buffer, 4, window), flags },
        params: { n: window.count, slot },
        workgroups: [Math.ceil(window.count / perGroup)],
      });
    }
  });
  try {
    const values = await flags.readAsync('non-finite probe');
    return floats.filter((_, i) => values[i] !== 0).map((t) => t.name || `#${t.id}`);
  } finally {
    flags.dispose();
  }
}
