import { CounterRng, type Device, type Tensor } from '../../../nn/index.js';
import type { AnchorSet, ImageFaces } from '../../boxes/index.js';
import { configOfStage, type Config, type StageConfig } from '../../config/index.js';
import {
  AnchorCache,
  proposeRois,
  type AofdModel,
  type ParamStore,
  type RpnValues,
} from '../../model/index.js';
import { imageTensor } from './input.js';
import type { StepBatch } from './types.js';

/** What the steps of a stage have in common: network, settings, anchors, random numbers. */
export class StepContext {
  readonly model: AofdModel;
  readonly params: ParamStore;
  /** As the stage sees it. */
  readonly config: Config;
  readonly stage: StageConfig;
  readonly #anchors: AnchorCache;

  constructor(model: AofdModel, params: ParamStore, config: Config, stage: StageConfig) {
    this.model = model;
    this.params = params;
    this.config = configOfStage(config, stage);
    this.stage = stage;
    this.#anchors = new AnchorCache(model, config.boxes.convention);
  }

  get device(): Device {
    return this.params.device;
  }

  /** The network's input, c4 [N,3,H,W]. */
  images({ images, boxes, height, width }: StepBatch): Tensor {
    const { device, config } = this;
    return device.context.label('input', () =>
      imageTensor(device, images, boxes.length, height, width, config.input),
    );
  }

  /** The anchors of one image of the batch. */
  anchors(batch: StepBatch): AnchorSet {
    return this.#anchors.get(batch);
  }

  /** Proposals [P*4] of image n, from best to worst. */
  proposals(values: RpnValues, batch: StepBatch, n: number): Float32Array {
    const { config, device } = this;
    const image = { index: n, size: batch, scale: batch.scales?.[n] ?? 1 };
    return device.context.phase('proposals', () => {
      const { proposals, boxes } = config;
      return proposeRois(values, image, this.anchors(batch), proposals.train, boxes).boxes;
    });
  }

  /** The random numbers of one purpose, for image n of a batch. */
  rng(purpose: 'anchors' | 'rois' | 'mining' | 'masks', step: number, n: number): CounterRng {
    return new CounterRng(this.config.train.seed, `train/${purpose}`).fork(step).fork(n);
  }
}

/** Per image: its boxes, split into faces and regions that are neither face nor background. */
export function facesOf(batch: StepBatch): ImageFaces[] {
  return batch.boxes.map((boxes, n) => {
    const flags = batch.ignore[n] ?? new Uint8Array();
    const faces: number[] = [];
    const ignore: number[] = [];
    for (let i = 0; i < boxes.length / 4; i++) {
      const into = flags[i] === 1 ? ignore : faces;
      for (let j = 4 * i; j < 4 * i + 4; j++) into.push(boxes[j] as number);
    }
    return { faces: Float64Array.from(faces), ignore: Float64Array.from(ignore) };
  });
}

/** Number of annotated faces. */
export function countFaces(images: readonly ImageFaces[]): number {
  return images.reduce((sum, { faces }) => sum + faces.length / 4, 0);
}
