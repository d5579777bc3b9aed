import { handled, type Tape, type Tensor } from '../../../nn/index.js';
import {
  assignAnchors,
  assignAtss,
  sampleRois,
  type AnchorSet,
  type ImageFaces,
  type SampledRois,
} from '../../boxes/index.js';
import { readRpnAsync, type RpnOutput } from '../../model/index.js';
import {
  collectAllAnchors,
  collectAnchors,
  headLosses,
  rpnLosses,
  seedsOf,
  type SampledAnchors,
  type WeightedLoss,
} from '../losses/index.js';
import { applyMasks, doubled, planMaskedRois } from './apply-masks.js';
import { countFaces, facesOf, type StepContext } from './context.js';
import { mineRoisAsync } from './mine-rois.js';
import type { DetectorRecord, HeadRecord } from './record.js';
import { joinRois, type BatchRois } from './rois.js';
import { gateSegmentation, segment } from './segmentation.js';
import type { StepBatch, StepOptions } from './types.js';

/**
 * Detector and joint stages (docs/spec.md 3.7: stages 0 and 2): RPN, RoIs, masked features, head, and
 * the segmentation branch. The generator only makes masks.
 */
export class DetectorStep {
  readonly #context: StepContext;

  constructor(context: StepContext) {
    this.#context = context;
  }

  /**
   * Forward and backward. The RPN's and the head's losses are differentiated down to the feature maps
   * as soon as they are recorded, so that the device has work while the host chooses RoIs and gates.
   */
  async runAsync(batch: StepBatch, options: StepOptions, tape: Tape): Promise<DetectorRecord> {
    const { step, lossScale = 1 } = options;
    const context = this.#context;
    const { device, model, params } = context;
    const images = context.images(batch);
    const features = model.backbone.forward(params, images);
    const backboneEnd = tape.length;
    const begin = (losses: readonly WeightedLoss[]): void => {
      tape.backwardTo(backboneEnd, seedsOf(losses, lossScale));
      device.flush();
    };
    const rpn = model.rpn.forward(params, features);
    const reading = handled(readRpnAsync(rpn));
    const segmentation = segment(context, batch, features);
    device.flush();
    const faces = facesOf(batch);
    const anchors = context.anchors(batch);
    const { sampled, losses } = this.#judgeAnchors(batch, faces, anchors, rpn, step);
    begin(losses);
    const values = await reading;
    const proposals = faces.map((_, n) => context.proposals(values, batch, n));
    const rois = joinRois(await this.#chooseRoisAsync(features, faces, proposals, step));
    const head = rois.count > 0 ? this.#judge(features, rois, step) : null;
    // Recorded before the head's backward pass, so that it is read in the meantime.
    const deltas =
      segmentation && head && handled(head.output.boxDeltas.readAsync('segmentation gates'));
    if (head) begin(head.losses);
    const gated =
      segmentation &&
      gateSegmentation(
        context,
        batch,
        segmentation,
        faces,
        head?.rois ?? null,
        (await deltas) ?? [],
      );
    // Also takes what `begin` left at the feature maps down through the backbone.
    tape.backward(seedsOf(gated?.losses ?? [], lossScale));
    return {
      kind: 'detector',
      images,
      features,
      rpn,
      anchors,
      sampled,
      proposals,
      head,
      segmentation: gated?.record ?? null,
      losses: [...losses, ...(head?.losses ?? []), ...(gated?.losses ?? [])],
      counts: {
        rois: rois.count,
        positives: rois.positives,
        anchors: sampled.rows.length,
        anchorPositives: sampled.positives,
        segImages: segmentation?.images.length ?? 0,
        faces: countFaces(faces),
      },
    };
  }

  /** The anchors that train the RPN (`rpn.assign`; docs/spec.md 1.7), and its losses. */
  #judgeAnchors(
    batch: StepBatch,
    images: readonly ImageFaces[],
    anchors: AnchorSet,
    rpn: RpnOutput,
    step: number,
  ): { sampled: SampledAnchors; losses: WeightedLoss[] } {
    const context = this.#context;
    const { device, config, model } = context;
    const sampled = device.context.phase('assign anchors', () => {
      if (config.rpn.assign === 'atss') {
        const levels = model.anchorLevels(batch.height, batch.width);
        const targets = images.map((image) => assignAtss(anchors, levels, image, config));
        return collectAllAnchors(targets, rpn.counts);
      }
      const targets = images.map((image, n) =>
        assignAnchors(anchors.boxes, image, batch, config, context.rng('anchors', step, n)),
      );
      return collectAnchors(targets, rpn.counts);
    });
    const losses = device.context.label('losses', () => rpnLosses(device, rpn, sampled, config));
    return { sampled, losses };
  }

  /** Per image: RoIs mined from the proposals (docs/spec.md 2), or drawn (1.10). */
  async #chooseRoisAsync(
    features: readonly Tensor[],
    images: readonly ImageFaces[],
    proposals: readonly Float32Array[],
    step: number,
  ): Promise<SampledRois[]> {
    const context = this.#context;
    const { config } = context;
    const chosen: SampledRois[] = [];
    for (const [index, faces] of images.entries()) {
      const proposed = proposals[index] as Float32Array;
      chosen.push(
        config.ohem.enabled
          ? await mineRoisAsync(context, features, { index, proposals: proposed, faces }, step)
          : sampleRois(proposed, faces, config, context.rng('rois', step, index)),
      );
    }
    return chosen;
  }

  /** Pools, masks (docs/spec.md 3.6), and judges the RoIs. */
  #judge(features: readonly Tensor[], rois: BatchRois, step: number): HeadRecord {
    const context = this.#context;
    const { device, model, params, config } = context;
    const plan = planMaskedRois(rois, config, context.rng('masks', step, 0));
    const pooled = model.pool(
      features,
      device.tensor(plan.rois.rois, [rois.count, 5], { name: 'rois' }),
    );
    const { entering, masks, heat } = applyMasks(context, pooled, plan);
    const drop = { seed: config.train.seed, step };
    const output = model.head.forward(params, entering, drop);
    const labels = doubled(plan.rois.labels, plan.isDoubled);
    const targets = doubled(plan.rois.targets, plan.isDoubled);
    const losses = device.context.label('losses', () =>
      headLosses(device, output, labels, targets, config),
    );
    const { types } = plan;
    return { rois: plan.rois, types, labels, targets, pooled, heat, masks, output, drop, losses };
  }
}
