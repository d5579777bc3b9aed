import { concatRows, kSmallestMask, mulMask, sliceRows, type Tensor } from '../../../nn/index.js';
import { planMasks, type UniformSource } from '../../boxes/index.js';
import type { Config } from '../../config/index.js';
import { withoutGrad } from '../../model/index.js';
import type { StepContext } from './context.js';
import { permuteRois, type BatchRois } from './rois.js';

/** RoIs of a step with the masks drawn for them; RoIs that the generator masks come first. */
export interface MaskedRois {
  rois: BatchRois;
  /** [R*49] 1 keeps a cell, 0 hides it; the first `generatorCount` rows are made by the generator. */
  masks: Float32Array;
  generatorCount: number;
  /** [R] index into MASK_TYPES. */
  types: Uint8Array;
  /** Each RoI enters the head twice, original and masked (J15). */
  isDoubled: boolean;
}

/** Draws masks (docs/spec.md 3.6) and orders the RoIs so that the generator sees one run of rows. */
export function planMaskedRois(
  rois: BatchRois,
  { masking, model: { roiSize } }: Pick<Config, 'masking' | 'model'>,
  rng: UniformSource,
): MaskedRois {
  const cells = roiSize ** 2;
  const plan = planMasks(rois.labels, masking, roiSize, rng);
  const isDoubled = plan.rows === 2 * rois.count && rois.count > 0;
  const first = isDoubled ? rois.count : 0;
  const isGenerated = new Uint8Array(rois.count);
  for (const row of plan.generatorRows) isGenerated[row - first] = 1;
  const order = new Int32Array(rois.count);
  let at = 0;
  for (const wanted of [1, 0]) {
    for (let i = 0; i < rois.count; i++) if (isGenerated[i] === wanted) order[at++] = i;
  }
  const masks = new Float32Array(rois.count * cells);
  const types = new Uint8Array(rois.count);
  order.forEach((from, to) => {
    const row = first + from;
    masks.set(plan.masks.subarray(row * cells, (row + 1) * cells), to * cells);
    types[to] = plan.types[row] as number;
  });
  return {
    rois: permuteRois(rois, order),
    masks,
    generatorCount: plan.generatorRows.length,
    types,
    isDoubled,
  };
}

/** Masked features, and what masked them. */
export interface AppliedMasks {
  /** What enters the head: c4 [R,C,7,7], or [2R,C,7,7] where each RoI enters twice. */
  entering: Tensor;
  /** Row [R,49] of 1 and 0; null where nothing is masked. */
  masks: Tensor | null;
  /** Row [generatorCount,49]; null where the generator masks none. */
  heat: Tensor | null;
}

/**
 * Masks `pooled` c4 [R,C,7,7] by the plan: as it is (no mask drawn), masked, or both copies one after
 * the other. The generator gets no gradient here (docs/spec.md 3.7).
 */
export function applyMasks(
  { device, model, params, config }: StepContext,
  pooled: Tensor,
  plan: MaskedRois,
): AppliedMasks {
  const { rois, generatorCount: made, isDoubled } = plan;
  const { masking } = config;
  const cells = config.model.roiSize ** 2;
  if (!isDoubled && masking.jointMode !== 'replace') {
    return { entering: pooled, masks: null, heat: null };
  }
  const { masks, heat } = withoutGrad(device, () => {
    const drawn = device.tensor(plan.masks.subarray(made * cells), [rois.count - made, cells]);
    if (made === 0) return { masks: drawn, heat: null };
    const all = made === rois.count;
    const heat = model.generator.forward(params, all ? pooled : sliceRows(pooled, 0, made));
    const generated = kSmallestMask(heat, masking.trainCells).mask;
    return { masks: all ? generated : concatRows([generated, drawn]), heat };
  });
  const hidden = mulMask(pooled, masks);
  return { entering: isDoubled ? concatRows([pooled, hidden]) : hidden, masks, heat };
}

/** A typed array after itself, or as it is. */
export function doubled<T extends Int32Array | Float32Array>(values: T, isDoubled: boolean): T {
  if (!isDoubled) return values;
  const out = new (values.constructor as new (size: number) => T)(values.length * 2);
  out.set(values);
  out.set(values, values.length);
  return out;
}
