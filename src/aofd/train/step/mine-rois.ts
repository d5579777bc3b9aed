import {
  add,
  kSmallestMask,
  mulElement,
  mulMask,
  oneMinus,
  softmax,
  type Tensor,
} from '../../../nn/index.js';
import {
  labelAllRois,
  miningLosses,
  planMasks,
  selectHardRois,
  takeRois,
  type ImageFaces,
  type MaskPlan,
  type SampledRois,
} from '../../boxes/index.js';
import { withoutGrad } from '../../model/index.js';
import type { StepContext } from './context.js';

/** RoIs scored per chunk of the mining pass. */
const miningChunk = 256;

/** The image whose RoIs are mined. */
export interface MinedImage {
  /** Its number in the batch. */
  index: number;
  /** [P*4] from best to worst. */
  proposals: Float32Array;
  faces: ImageFaces;
}

/**
 * Hard example mining (docs/spec.md 2, J10): every candidate passes the head without gradient, as the
 * settings say unmasked and without dropout; the ones with the largest loss stay.
 */
export async function mineRoisAsync(
  context: StepContext,
  features: readonly Tensor[],
  { index, proposals, faces }: MinedImage,
  step: number,
): Promise<SampledRois> {
  const { device, config } = context;
  const { ohem, masking, model } = config;
  const room = Math.max(0, ohem.maxRois - faces.faces.length / 4);
  const all = labelAllRois(proposals.subarray(0, 4 * room), faces, config);
  const count = all.labels.length;
  const rng = context.rng('mining', step, index);
  const plan = ohem.masked
    ? planMasks(all.labels, { ...masking, jointMode: 'replace' }, model.roiSize, rng)
    : null;
  const probabilities = new Float32Array(count * 2);
  const predicted = new Float32Array(count * 4);
  for (let from = 0; from < count; from += miningChunk) {
    const size = Math.min(miningChunk, count - from);
    using _scope = device.scope();
    const rows = withImageIndex(all.boxes.subarray(4 * from, 4 * (from + size)), index);
    const [scores, deltas] = await judge(context, features, rows, plan, from, step);
    probabilities.set(scores as Float32Array, 2 * from);
    for (let i = 0; i < size; i++) {
      predicted.set((deltas as Float32Array).subarray(8 * i + 4, 8 * i + 8), 4 * (from + i));
    }
  }
  const losses = miningLosses(probabilities, all.labels, predicted, all.targets);
  return takeRois(all, selectHardRois(losses, all.labels, all.boxes, config));
}

/** Class probabilities [R*2] and box deltas [R*8] of a chunk of candidates. */
function judge(
  context: StepContext,
  features: readonly Tensor[],
  rows: Float32Array,
  plan: MaskPlan | null,
  from: number,
  step: number,
): Promise<[ArrayLike<number>, ArrayLike<number>]> {
  const { device, model, params, config } = context;
  return withoutGrad(device, () => {
    const size = rows.length / 5;
    const pooled = model.pool(features, device.tensor(rows, [size, 5]));
    const entering = plan ? mulMask(pooled, chunkMask(context, pooled, plan, from)) : pooled;
    const drop = config.ohem.dropout ? { seed: config.train.seed, step } : null;
    const output = model.head.forward(params, entering, drop);
    return Promise.all([
      softmax(output.classLogits).readAsync('mining scores'),
      output.boxDeltas.readAsync('mining boxes'),
    ]);
  });
}

/** Masks [R,49] of a chunk: drawn ones, and the generator's where the plan says so. */
function chunkMask(
  { device, model, params, config }: StepContext,
  pooled: Tensor,
  plan: MaskPlan,
  from: number,
): Tensor {
  const cells = config.model.roiSize ** 2;
  const size = pooled.shape[0] as number;
  const shape = [size, cells];
  const drawn = device.tensor(plan.masks.subarray(from * cells, (from + size) * cells), shape);
  const isGenerated = new Float32Array(size * cells);
  for (const row of plan.generatorRows) {
    if (row >= from && row < from + size) {
      isGenerated.fill(1, (row - from) * cells, (row - from + 1) * cells);
    }
  }
  if (!isGenerated.includes(1)) return drawn;
  const heat = model.generator.forward(params, pooled);
  const made = kSmallestMask(heat, config.masking.trainCells).mask;
  const chosen = device.tensor(isGenerated, shape);
  return add(mulElement(made, chosen), mulElement(drawn, oneMinus(chosen)));
}

/** [R*4] boxes of image n as [R*5]. */
function withImageIndex(boxes: Float32Array, n: number): Float32Array {
  const rows = boxes.length / 4;
  const out = new Float32Array(rows * 5);
  for (let i = 0; i < rows; i++) {
    out[5 * i] = n;
    out.set(boxes.subarray(4 * i, 4 * i + 4), 5 * i + 1);
  }
  return out;
}
