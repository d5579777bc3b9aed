/** A training step of a preset on drawn pictures, and forward passes of the same batch. */
import type { Device, Tensor } from '../../src/nn/index.js';
import type { Config, StageConfig } from '../../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';
import { imageTensor } from '../../src/aofd/train/step/input.js';
import { TrainStep } from '../../src/aofd/train/step/train-step.js';
import type { StepBatch, StepCounts } from '../../src/aofd/train/step/types.js';
import { TrainingState } from '../../src/aofd/train/run/training-state.js';
import { randomRois } from './roi.js';

/** Size of a training batch. */
export interface BatchSize {
  images: number;
  height: number;
  width: number;
}

/** Soft noise with a few "faces", one of them half covered: what a step costs, not what it learns. */
export function drawnBatch({ images: count, height, width }: BatchSize): StepBatch {
  const images = Uint8Array.from(
    { length: count * height * width * 3 },
    (_, i) => 100 + (Math.imul(i, 0x9e3779b1) >>> 24) / 3,
  );
  const box = (x: number, y: number, w: number, h: number): number[] => [
    Math.round(x * width),
    Math.round(y * height),
    Math.round((x + w) * width) - 1,
    Math.round((y + h) * height) - 1,
  ];
  const boxes = [...box(0.15, 0.2, 0.25, 0.4), ...box(0.6, 0.3, 0.12, 0.2)];
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes;
  const labels = new Uint8Array(height * width).fill(255);
  for (let y = y1; y <= y2; y++)
    labels.fill(2 * y < y1 + y2 ? 0 : 1, y * width + x1, y * width + x2 + 1);
  const each = <T>(make: () => T): T[] => Array.from({ length: count }, make);
  return {
    width,
    height,
    images,
    boxes: each(() => Float32Array.from(boxes)),
    ignore: each(() => new Uint8Array(2)),
    segLabels: each(() => labels),
    ids: Array.from({ length: count }, (_, i) => `drawn-${i}`),
  };
}

/** Size of a training batch of a preset: its canvas, or short side 512. */
export function trainingSize(config: Config): BatchSize {
  const { canvas } = config.input;
  if (!canvas) return { images: 1, height: 512, width: 512 };
  return { images: config.train.batch, width: canvas[0], height: canvas[1] };
}

export interface Training {
  /** Forward, backward, clipping, update, until the device is done. */
  stepAsync(): Promise<void>;
  /** The detector's network forward on the same batch with as many RoIs, nothing recorded. */
  forwardAsync(): Promise<void>;
  /** All that the step does before backward: proposals, mask generator and losses besides the network. */
  lossesAsync(): Promise<void>;
  counts(): StepCounts | null;
  dispose(): void;
}

/** The joint stage of `config` (detector, masks and segmentation) on fresh weights. */
export async function openTrainingAsync(
  device: Device,
  config: Config,
  size: BatchSize = trainingSize(config),
): Promise<Training> {
  const model = new AofdModel(config.model, {
    lrMult: config.optim.biasLrMult,
    decayMult: config.optim.biasDecayMult,
  });
  const params = ParamStore.create(device, model.specs(), 1);
  const stage = config.stages.find((s) => s.kind === 'joint') as StageConfig;
  const state = new TrainingState(device, params, config, stage);
  const step = new TrainStep(model, params, config, stage);
  const batch = drawnBatch(size);
  const { height, width, images } = size;
  await device.settledAsync();
  let counts: StepCounts | null = null;
  let index = 0;
  return {
    async stepAsync() {
      const result = await step.runAsync(batch, { step: index++ });
      using _scope = device.scope();
      state.clipGradients();
      state.update(1e-6);
      state.zeroGrad();
      await result.losses;
      await device.settledAsync();
      counts = result.counts;
    },
    async forwardAsync() {
      using _scope = device.scope();
      const x = imageTensor(device, batch.images, images, height, width, config.input);
      const features = model.backbone.forward(params, x);
      model.rpn.forward(params, features);
      const rois = counts?.rois ?? config.rois.batchSize * images;
      model.head.forward(params, model.pool(features, roiTensor(device, rois, images, width)));
      const scores = model.segment(params, features);
      if (scores) model.segmentation?.upsample(scores, height, width);
      await device.settledAsync();
    },
    async lossesAsync() {
      for (const tensor of state.trained) tensor.requiresGrad = false;
      try {
        const result = await step.runAsync(batch, { step: index });
        await result.losses;
        await device.settledAsync();
      } finally {
        for (const tensor of state.trained) tensor.requiresGrad = true;
      }
    },
    counts: () => counts,
    dispose() {
      state.dispose();
      params.dispose();
    },
  };
}

/** Random RoIs, spread over the pictures of a batch. */
export function roiTensor(device: Device, count: number, images: number, side: number): Tensor {
  const rois = randomRois(count, side);
  for (let r = 0; r < count; r++) rois[5 * r] = Math.floor((r * images) / count);
  return device.tensor(rois, [count, 5], { name: 'rois' });
}
