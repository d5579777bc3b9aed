import {
  CounterRng,
  Tape,
  concatRows,
  kSmallestMask,
  record,
  mulMask,
  sliceRows,
  type Device,
  type Tensor,
} from '../../../nn/index.js';
import {
  collectAnchors,
  gateLabels,
  generatorLosses,
  headLosses,
  rpnLosses,
  segmentationLoss,
} from '../losses/index.js';
import { assignAnchors } from '../../boxes/matcher.js';
import { compactResponse } from '../../boxes/masking.js';
import { AnchorCache, withoutGrad, type AofdModel, type ParamStore } from '../../model/index.js';
import type { DropoutSeed, HeadOutput } from '../../model/roi-head.js';
import type { SampledRois } from '../../boxes/sampler.js';
import { applyMasks, doubled, planMaskedRois } from './apply-masks.js';
import { facesOf, type ImageFaces } from './faces.js';
import { gateBoxes } from './gate-boxes.js';
import { imageTensor } from './input.js';
import { mineRoisAsync } from './mine-rois.js';
import { drawRois, joinRois, proposalsOf, readRpnAsync, type BatchRois } from './sample-rois.js';
import type {
  NamedLosses,
  StageKind,
  StepBatch,
  StepCounts,
  StepOptions,
  StepResult,
  StepSettings,
  StepTrace,
} from './types.js';

/** The head's losses and what they were computed from. */
interface HeadStep {
  losses: WeightedLoss[];
  /** As they entered the head; the first rows of `output`. */
  rois: BatchRois;
  output: HeadOutput;
}

/** What the segmentation branch says of the images that have pixel labels. */
interface SegmentationStep {
  /** At the branch's stride, and at the images' size. */
  scores: Tensor;
  logits: Tensor;
  /** Numbers of those images in the batch. */
  images: number[];
}

/** What decides which pixel labels count. */
interface SegmentationGates {
  faces: readonly ImageFaces[];
  rois: BatchRois | null;
  /** The head's box code, one row per RoI. */
  deltas: ArrayLike<number>;
}

/** A loss with its weight in the sum that is differentiated. */
interface WeightedLoss {
  name: string;
  loss: Tensor;
  weight: number;
  /** Already differentiated. */
  isDone?: boolean;
}

/**
 * Forward and backward of one training step: afterwards the trainable parameters have gradients.
 * Images of a batch share a size. The step depends on (settings, parameters, batch, step number)
 * alone. One readback (the RPN's output) is waited for; that of the losses is left to the caller.
 */
export class TrainStep {
  readonly device: Device;
  readonly model: AofdModel;
  readonly params: ParamStore;
  readonly settings: StepSettings;
  readonly #anchors: AnchorCache;

  constructor(device: Device, model: AofdModel, params: ParamStore, settings: StepSettings) {
    this.device = device;
    this.model = model;
    this.params = params;
    this.settings = settings;
    this.#anchors = new AnchorCache(model, settings.convention);
  }

  /** Runs stage 0 or 2 (detector, joint) or stage 1 (generator) on one batch. */
  async runAsync(batch: StepBatch, options: StepOptions): Promise<StepResult> {
    using _scope = this.device.scope();
    using tape = new Tape(this.device);
    const counts: StepCounts = {
      rois: 0,
      positives: 0,
      anchors: 0,
      anchorPositives: 0,
      segImages: 0,
      faces: 0,
    };
    const { kind } = this.settings;
    const losses =
      kind === 'generator'
        ? await this.#generatorAsync(batch, options, counts, tape)
        : await this.#detectorAsync(batch, options, counts, tape);
    tape.backward(seedsOf(losses, options));
    return { losses: readLosses(losses, kind), counts, hasGradient: losses.length > 0 };
  }

  async #detectorAsync(
    batch: StepBatch,
    options: StepOptions,
    counts: StepCounts,
    tape: Tape,
  ): Promise<WeightedLoss[]> {
    const { device, model, params, settings } = this;
    const { trace, step } = options;
    const images = this.#upload(batch, options);
    const features = model.backbone.forward(params, images);
    const backboneEnd = tape.length;
    // Differentiated down to the feature maps, so that the device has work while the host thinks.
    const begin = (parts: WeightedLoss[]): void => {
      tape.backwardTo(backboneEnd, seedsOf(parts, options));
      for (const part of parts) part.isDone = true;
      device.flush();
    };
    const rpn = model.rpn.forward(params, features);
    const reading = readRpnAsync(rpn);
    const segmentation = this.#segmentationLogits(batch, features, settings.mu);
    device.flush();
    const faces = batch.boxes.map((_, n) => facesOf(batch, n));
    const anchors = this.#anchors.get(batch);
    trace?.values('anchors', Float32Array.from(anchors.boxes), [anchors.total, 4]);
    const sampled = device.context.phase('assign anchors', () =>
      collectAnchors(
        faces.map((image, n) =>
          assignAnchors(
            anchors.boxes,
            image.faces,
            batch,
            settings.anchors,
            this.#rng('anchors', step, n),
            image.ignore,
          ),
        ),
        rpn.counts,
      ),
    );
    const { rpnClass, rpnBox } = device.context.label('losses', () =>
      rpnLosses(device, rpn, sampled, settings.loss.rpnSigma),
    );
    const { loss } = settings;
    const losses: WeightedLoss[] = [
      { name: 'rpnClass', loss: rpnClass, weight: loss.rpnClass },
      { name: 'rpnBox', loss: rpnBox, weight: loss.rpnBox },
    ];
    begin(losses);
    const values = await reading;
    const perImage: SampledRois[] = [];
    for (const [n, image] of faces.entries()) {
      const proposals = device.context.phase('proposals', () =>
        proposalsOf(values, rpn, anchors, batch, n, settings),
      );
      trace?.values(`proposals.${n}`, proposals, [proposals.length / 4, 4]);
      perImage.push(
        settings.ohem.enabled
          ? await mineRoisAsync({
              ...{ device, model, params, features, n, proposals, settings, step },
              faces: image,
              rng: this.#rng('mining', step, n),
            })
          : drawRois(proposals, image, settings, this.#rng('rois', step, n)),
      );
    }
    const rois = joinRois(perImage);
    const head = rois.count > 0 ? this.#judge(features, rois, options) : null;
    const deltas = segmentation
      ? head?.output.boxDeltas.readAsync('segmentation gates')
      : undefined;
    if (head) {
      begin(head.losses);
      losses.push(...head.losses);
    }
    if (segmentation) {
      const gates = {
        faces,
        rois: head?.rois ?? null,
        deltas: (await deltas) ?? new Float32Array(),
      };
      const loss = this.#segmentationLoss(batch, segmentation, gates, trace);
      losses.push({ name: 'segmentation', loss, weight: settings.mu });
    }
    counts.rois = rois.count;
    counts.positives = rois.positives;
    counts.anchors = sampled.rows.length;
    counts.anchorPositives = sampled.positives;
    counts.segImages = segmentation?.images.length ?? 0;
    counts.faces = faces.reduce((sum, image) => sum + image.faces.length / 4, 0);
    if (trace) {
      features.forEach((map, i) => trace.tensor(`features.${i}`, map));
      trace.tensor('rpn.class_logits', rpn.classLogits);
      trace.tensor('rpn.box_deltas', rpn.boxDeltas);
      trace.values('rpn.sampled_rows', sampled.rows, [sampled.rows.length]);
      trace.values('rpn.sampled_labels', sampled.labels, [sampled.labels.length]);
      trace.values('rpn.sampled_targets', sampled.targets, [sampled.labels.length, 4]);
      traceLosses(trace, losses);
    }
    return losses;
  }

  /** Pools, masks, and judges the RoIs. */
  #judge(features: readonly Tensor[], rois: BatchRois, options: StepOptions): HeadStep {
    const { device, model, params, settings } = this;
    const { step, trace } = options;
    const plan = planMaskedRois(rois, settings, this.#rng('masks', step, 0));
    const roiTensor = device.tensor(plan.rois.rois, [rois.count, 5], { name: 'rois' });
    const pooled = model.pool(features, roiTensor);
    const entering = applyMasks(device, model, params, pooled, plan, settings, trace);
    const drop = { seed: settings.seed, step };
    const output = model.head.forward(params, entering, drop);
    const labels = doubled(plan.rois.labels, plan.isDoubled);
    const targets = doubled(plan.rois.targets, plan.isDoubled);
    const { class: classLoss, box } = device.context.label('losses', () =>
      headLosses(device, output, labels, targets, {
        kind: settings.loss.box,
        sigma: settings.loss.headSigma,
        stds: settings.rois.stds,
        maxLogRatio: settings.loss.maxLogRatio,
      }),
    );
    if (trace) {
      trace.values('rois', plan.rois.rois, [rois.count, 5]);
      trace.values('roi.labels', labels, [labels.length]);
      trace.values('roi.targets', targets, [labels.length, 4]);
      trace.values('roi.mask_types', Uint32Array.from(plan.types), [plan.types.length]);
      trace.tensor('roi.pooled', pooled);
      trace.tensor('head.class_logits', output.classLogits);
      trace.tensor('head.box_deltas', output.boxDeltas);
      this.#traceDropout(trace, labels.length, drop);
    }
    return {
      losses: [
        { name: 'class', loss: classLoss, weight: settings.loss.alpha },
        { name: 'box', loss: box, weight: settings.loss.beta },
      ],
      rois: plan.rois,
      output,
    };
  }

  #traceDropout(trace: StepTrace, rows: number, drop: DropoutSeed): void {
    const factors = this.model.head.dropFactors(this.device, rows, drop);
    for (const [layer, factor] of factors) trace.tensor(`dropout.${layer}`, factor);
  }

  /** Stage 1 (docs/spec.md 3.7): everything but the generator is frozen, positives only, no dropout. */
  async #generatorAsync(
    batch: StepBatch,
    options: StepOptions,
    counts: StepCounts,
    tape: Tape,
  ): Promise<WeightedLoss[]> {
    const { device, model, params, settings } = this;
    const { step, trace } = options;
    const features = model.backbone.forward(params, this.#upload(batch, options));
    const rpn = model.rpn.forward(params, features);
    const values = await readRpnAsync(rpn);
    const anchors = this.#anchors.get(batch);
    trace?.values('anchors', Float32Array.from(anchors.boxes), [anchors.total, 4]);
    const perImage = batch.boxes.map((_, n) => {
      const faces = facesOf(batch, n);
      counts.faces += faces.faces.length / 4;
      const proposals = proposalsOf(values, rpn, anchors, batch, n, settings);
      trace?.values(`proposals.${n}`, proposals, [proposals.length / 4, 4]);
      return drawRois(proposals, faces, settings, this.#rng('rois', step, n));
    });
    const rois = joinRois(perImage, settings.generator.positivesOnly);
    counts.rois = rois.count;
    counts.positives = rois.positives;
    if (rois.count === 0) return [];
    const pooled = model.pool(
      features,
      device.tensor(rois.rois, [rois.count, 5], { name: 'rois' }),
    );
    const heat = model.generator.forward(params, pooled);
    const mask = trainingMask(device, heat, settings);
    const { dropout } = settings.generator;
    const drop = dropout > 0 ? { seed: settings.seed, step, p: dropout } : null;
    const output = model.head.forward(params, mulMask(pooled, mask), drop);
    const { loss } = settings;
    const parts = generatorLosses(device, output.classLogits, rois.labels, mask, loss.compact);
    const losses: WeightedLoss[] = [
      { name: 'adversarialClass', loss: parts.adversarialClass, weight: -loss.eta },
      {
        name: 'compact',
        loss: parts.compact,
        weight: loss.gamma === 'auto' ? 0 : loss.gamma,
      },
    ];
    if (loss.gamma === 'auto') await balanceAsync(tape, losses, mask, options.lossScale ?? 1);
    if (trace) {
      features.forEach((map, i) => trace.tensor(`features.${i}`, map));
      trace.tensor('rpn.class_logits', rpn.classLogits);
      trace.tensor('rpn.box_deltas', rpn.boxDeltas);
      trace.values('rois', rois.rois, [rois.count, 5]);
      trace.values('roi.labels', rois.labels, [rois.count]);
      trace.values('roi.targets', rois.targets, [rois.count, 4]);
      trace.tensor('roi.pooled', pooled);
      trace.tensor('generator.heat', heat);
      trace.tensor('masks', mask);
      trace.tensor('head.class_logits', output.classLogits);
      if (drop) this.#traceDropout(trace, rois.count, drop);
      traceLosses(trace, losses);
    }
    return losses;
  }

  #upload(batch: StepBatch, { trace }: StepOptions): Tensor {
    const images = this.device.context.label('input', () =>
      imageTensor(
        this.device,
        batch.images,
        batch.boxes.length,
        batch.height,
        batch.width,
        this.settings.input,
      ),
    );
    trace?.tensor('images', images);
    return images;
  }

  /** Full-size logits of the images that have pixel labels, recorded before the RoIs are known. */
  #segmentationLogits(
    batch: StepBatch,
    features: readonly Tensor[],
    mu: number,
  ): SegmentationStep | null {
    const { model, params } = this;
    if (mu === 0 || !model.segmentation) return null;
    const images = batch.segLabels.flatMap((labels, n) => (labels ? [n] : []));
    if (images.length === 0) return null;
    const map = features[model.segmentationLevel] as Tensor;
    const all = images.length === batch.boxes.length;
    const chosen = all
      ? map
      : concatRows(runsOf(images).map(([from, size]) => sliceRows(map, from, size)));
    const scores = model.segmentation.scores(params, chosen);
    const logits = model.segmentation.upsample(scores, batch.height, batch.width);
    return { scores, logits, images };
  }

  /** Gated by the boxes that the head makes of the sampled faces (docs/spec.md 4.3). */
  #segmentationLoss(
    batch: StepBatch,
    { scores, logits, images }: SegmentationStep,
    { faces, rois, deltas }: SegmentationGates,
    trace: StepTrace | undefined,
  ): Tensor {
    const { segmentationBoxScale, segmentation } = this.settings.loss;
    const { width, height } = batch;
    const labels = new Uint32Array(images.length * height * width);
    images.forEach((n, at) => {
      const known = (faces[n] as ImageFaces).faces;
      const boxes = gateBoxes(n, known, rois, deltas, batch, this.settings);
      trace?.values(`segmentation.boxes.${n}`, Float32Array.from(boxes), [boxes.length / 4, 4]);
      const gated = gateLabels(
        batch.segLabels[n] as Uint8Array,
        boxes,
        batch,
        segmentationBoxScale,
        this.settings.convention,
      );
      trace?.values(`segmentation.labels.${n}`, gated, [height, width]);
      labels.set(gated, at * height * width);
    });
    trace?.tensor('segmentation.logits', scores);
    return this.device.context.label('losses', () =>
      segmentationLoss(this.device, logits, labels, segmentation),
    );
  }

  #rng(purpose: string, step: number, n: number): CounterRng {
    return new CounterRng(this.settings.seed, `train/${purpose}`).fork(step).fork(n);
  }
}

/** The generator's hard mask with the straight-through gradient of the settings (docs/spec.md 3.3). */
function trainingMask(device: Device, heat: Tensor, settings: StepSettings): Tensor {
  const { cells, gradient } = settings.generator;
  if (gradient === 'threshold-sigmoid') return kSmallestMask(heat, cells).mask;
  const { mask } = withoutGrad(device, () => kSmallestMask(heat, cells));
  record({ op: 'identityMask', inputs: [heat], outputs: [mask], backward: ([dM]) => [dM ?? null] });
  return mask;
}

/**
 * `gamma: 'auto'` (not in the paper): differentiates the adversarial loss, then weighs the compact
 * loss so that both have the same gradient norm at the mask.
 */
async function balanceAsync(
  tape: Tape,
  losses: WeightedLoss[],
  mask: Tensor,
  scale: number,
): Promise<void> {
  const [adversarial, compact] = losses as [WeightedLoss, WeightedLoss];
  const [gradient] = tape.backward([[adversarial.loss, adversarial.weight * scale]], [mask]);
  adversarial.isDone = true;
  if (!gradient) return;
  const [dMask, kept] = await Promise.all([
    gradient.readAsync('gamma balance'),
    mask.readAsync('gamma balance'),
  ]);
  const [rows = 0, cells = 0] = mask.shape;
  const side = Math.round(Math.sqrt(cells));
  let squares = 0;
  for (let r = 0; r < rows; r++) {
    const hidden = Float64Array.from({ length: cells }, (_, i) => 1 - (kept[r * cells + i] ?? 0));
    const active = compactResponse(hidden, side).map((v) => (v > 0 ? 1 : 0));
    for (const v of compactResponse(active, side)) squares += v * v;
  }
  let total = 0;
  for (const v of dMask) total += v * v;
  const norm = Math.sqrt(total) / scale;
  compact.weight = squares > 0 ? norm / Math.sqrt(squares) : 0;
}

/** What is still to be differentiated. */
function seedsOf(
  losses: readonly WeightedLoss[],
  { lossScale = 1 }: StepOptions,
): (readonly [Tensor, number])[] {
  return losses.map(({ loss, weight, isDone }) => [loss, isDone ? 0 : weight * lossScale]);
}

/** Every loss and its weight in the sum that is differentiated. */
function traceLosses(trace: StepTrace, losses: readonly WeightedLoss[]): void {
  for (const { name, loss, weight } of losses) {
    trace.tensor(`loss.${name}`, loss);
    trace.values(`loss_weight.${name}`, Float32Array.of(weight), [1]);
  }
}

/** Runs of consecutive numbers as [first, length]. */
function runsOf(sorted: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const value of sorted) {
    const last = runs.at(-1);
    if (last && last[0] + last[1] === value) last[1]++;
    else runs.push([value, 1]);
  }
  return runs;
}

/** Starts reading the losses; adds their weighted sum as `total` (or `generatorTotal`). */
function readLosses(losses: readonly WeightedLoss[], kind: StageKind): Promise<NamedLosses> {
  if (losses.length === 0) return Promise.resolve({});
  const reading = concatRows(losses.map(({ loss }) => loss)).readAsync('losses');
  const named = reading.then((values) => {
    const out: NamedLosses = {};
    let total = 0;
    losses.forEach(({ name, weight }, i) => {
      out[name] = values[i] as number;
      total += weight * (values[i] as number);
    });
    out[kind === 'generator' ? 'generatorTotal' : 'total'] = total;
    return out;
  });
  // Whoever awaits the losses sees a failure; until then it must not count as unhandled.
  named.catch(() => undefined);
  return named;
}
