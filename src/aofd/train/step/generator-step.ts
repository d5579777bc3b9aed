import { kSmallestMask, mulMask, record, type Tape, type Tensor } from '../../../nn/index.js';
import { compactGradient, sampleRois, type CompactForm } from '../../boxes/index.js';
import { readRpnAsync, withoutGrad } from '../../model/index.js';
import { generatorLosses, seedsOf, type WeightedLoss } from '../losses/index.js';
import { countFaces, facesOf, type StepContext } from './context.js';
import type { GeneratorRecord } from './record.js';
import { joinRois, type BatchRois } from './rois.js';
import type { StepBatch, StepOptions } from './types.js';

/**
 * The generator stage (docs/spec.md 3.7: stage 1): everything but the generator is frozen. It masks
 * RoIs of faces so that the frozen head takes them for background, with compact masks.
 */
export class GeneratorStep {
  readonly #context: StepContext;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /** Forward and backward; no losses where the batch has no RoIs to mask. */
  async runAsync(batch: StepBatch, options: StepOptions, tape: Tape): Promise<GeneratorRecord> {
    const { step, lossScale = 1 } = options;
    const context = this.#context;
    const { model, params, config } = context;
    const images = context.images(batch);
    const features = model.backbone.forward(params, images);
    const rpn = model.rpn.forward(params, features);
    const values = await readRpnAsync(rpn);
    const anchors = context.anchors(batch);
    const faces = facesOf(batch);
    const proposals = faces.map((_, n) => context.proposals(values, batch, n));
    const perImage = faces.map((image, n) =>
      sampleRois(proposals[n] as Float32Array, image, config, context.rng('rois', step, n)),
    );
    const rois = joinRois(perImage, config.model.generator.positivesOnly);
    const masked = rois.count > 0 ? this.#mask(features, rois, step) : null;
    const losses = masked
      ? await this.#differentiateAsync(tape, masked.losses, masked.masks, lossScale)
      : [];
    return {
      kind: 'generator',
      images,
      features,
      rpn,
      anchors,
      proposals,
      masked,
      losses,
      counts: {
        rois: rois.count,
        positives: rois.positives,
        anchors: 0,
        anchorPositives: 0,
        segImages: 0,
        faces: countFaces(faces),
      },
    };
  }

  /** Masks the RoIs and shows them to the frozen head. */
  #mask(features: readonly Tensor[], rois: BatchRois, step: number) {
    const { device, model, params, config } = this.#context;
    const pooled = model.pool(
      features,
      device.tensor(rois.rois, [rois.count, 5], { name: 'rois' }),
    );
    const heat = model.generator.forward(params, pooled);
    const masks = this.#hardMask(heat);
    const p = config.model.generator.dropout;
    const drop = p > 0 ? { seed: config.train.seed, step, p } : null;
    const output = model.head.forward(params, mulMask(pooled, masks), drop);
    const losses = generatorLosses(device, output.classLogits, rois.labels, masks, config.loss);
    return { rois, pooled, heat, masks, output, drop, losses };
  }

  /** The generator's hard mask with the straight-through gradient of the settings (docs/spec.md 3.3). */
  #hardMask(heat: Tensor): Tensor {
    const { device, config } = this.#context;
    const cells = config.masking.generatorCells;
    if (config.model.generator.gradient === 'threshold-sigmoid') {
      return kSmallestMask(heat, cells).mask;
    }
    const { mask } = withoutGrad(device, () => kSmallestMask(heat, cells));
    record({
      op: 'identityMask',
      inputs: [heat],
      outputs: [mask],
      backward: ([dMask]) => [dMask ?? null],
    });
    return mask;
  }

  /**
   * Backward. With `loss.gamma: 'auto'` (not in the paper) the adversarial loss comes first; then the
   * compact one, with the weight that gives both the same gradient norm at the mask. With
   * `loss.compact: 'flip'` the compact gradient enters at the mask (docs/spec.md 3.4). Returns the
   * losses as they were weighted.
   */
  async #differentiateAsync(
    tape: Tape,
    losses: readonly [adversarial: WeightedLoss, compact: WeightedLoss],
    masks: Tensor,
    lossScale: number,
  ): Promise<readonly WeightedLoss[]> {
    const [adversarial, compact] = losses;
    const { gamma, compact: form } = this.#context.config.loss;
    if (gamma !== 'auto' && form !== 'flip') {
      tape.backward(seedsOf(losses, lossScale));
      return losses;
    }
    const [gradient] = tape.backward(seedsOf([adversarial], lossScale), [masks]);
    const toMask = await compactGradientAsync(masks, form);
    const weight =
      gamma === 'auto' ? await balancedWeightAsync(gradient, toMask, lossScale) : gamma;
    const weighted = { ...compact, weight };
    if (form === 'flip') {
      const seed = toMask.map((v) => v * weight * lossScale);
      tape.backward([[masks, this.#context.device.tensor(seed, masks.shape)]]);
    } else tape.backward(seedsOf([weighted], lossScale));
    return [adversarial, weighted];
  }
}

/**
 * The compact loss's gradient at the masks, [R*49].
 * @param masks row [R,49], 0 = hidden
 */
async function compactGradientAsync(masks: Tensor, form: CompactForm): Promise<Float32Array> {
  const kept = await masks.readAsync('compact gradient');
  const [rows = 0, cells = 0] = masks.shape;
  const side = Math.round(Math.sqrt(cells));
  const toMask = new Float32Array(rows * cells);
  for (let r = 0; r < rows; r++) {
    const hidden = Float64Array.from({ length: cells }, (_, i) => 1 - (kept[r * cells + i] ?? 0));
    // The occlusion map is one minus the mask.
    toMask.set(
      compactGradient(hidden, form, side).map((v) => -v),
      r * cells,
    );
  }
  return toMask;
}

/**
 * The weight of the compact loss at which its gradient at the mask is as long as the given one of the
 * adversarial loss; 0 where either has none.
 *
 * @param gradient row [R,49], scaled by `lossScale`; null where there is none
 * @param toMask [R*49], unscaled
 */
async function balancedWeightAsync(
  gradient: Tensor | null | undefined,
  toMask: Float32Array,
  lossScale: number,
): Promise<number> {
  const squares = toMask.reduce((sum, v) => sum + v * v, 0);
  if (!gradient || !(squares > 0)) return 0;
  const dMask = await gradient.readAsync('gamma balance');
  let total = 0;
  for (const v of dMask) total += v * v;
  return Math.sqrt(total) / lossScale / Math.sqrt(squares);
}
