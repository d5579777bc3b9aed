import {
  concatRows,
  kSmallestMask,
  mulMask,
  sliceRows,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import { planMasks, type MaskPlan } from '../../boxes/masking.js';
import type { AofdModel, ParamStore } from '../../model/index.js';
import { withoutGrad } from '../../model/no-grad.js';
import type { UniformSource } from '../../boxes/types.js';
import { permuteRois, type BatchRois } from './sample-rois.js';
import type { StepSettings, StepTrace } from './types.js';

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
  settings: StepSettings,
  rng: UniformSource,
): MaskedRois {
  const cells = settings.masking.size ** 2;
  const plan: MaskPlan = planMasks(rois.labels, settings.masking, rng);
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

/**
 * Features that enter the head: `pooled` c4 [R,C,7,7] as it is (no mask drawn), masked, or both
 * copies one after the other ([2R,C,7,7]). The generator gets no gradient here.
 */
export function applyMasks(
  device: Device,
  model: AofdModel,
  params: ParamStore,
  pooled: Tensor,
  masked: MaskedRois,
  settings: StepSettings,
  trace?: StepTrace,
): Tensor {
  const { rois, generatorCount: made, isDoubled } = masked;
  const cells = settings.masking.size ** 2;
  if (!isDoubled && settings.masking.jointMode !== 'replace') return pooled;
  const mask = withoutGrad(device, () => {
    const drawn = device.tensor(masked.masks.subarray(made * cells), [rois.count - made, cells]);
    if (made === 0) return drawn;
    const heat = model.generator.forward(
      params,
      made === rois.count ? pooled : sliceRows(pooled, 0, made),
    );
    trace?.tensor('generator.heat', heat);
    const generated = kSmallestMask(heat, settings.masking.trainCells).mask;
    return made === rois.count ? generated : concatRows([generated, drawn]);
  });
  trace?.tensor('masks', mask);
  const hidden = mulMask(pooled, mask);
  return isDoubled ? concatRows([pooled, hidden]) : hidden;
}

/** A typed array after itself, or as it is. */
export function doubled<T extends Int32Array | Float32Array>(values: T, isDoubled: boolean): T {
  if (!isDoubled) return values;
  const out = new (values.constructor as new (size: number) => T)(values.length * 2);
  out.set(values);
  out.set(values, values.length);
  return out;
}
