/** Which layers a network plans, found out by recording it once on a device that does not compute. */
import { DryDevice, type Device, type Tensor } from '../../nn/index.js';
import { observePlans, passes, type Pass } from '../../nn/ops/tuning/index.js';
import { mostProposals } from '../boxes/proposals.js';
import type { Config } from '../config/index.js';
import { AofdModel, ParamStore, paddedRois, withoutGrad } from './index.js';

/** One pass of one layer. */
export interface LayerPass {
  key: string;
  pass: Pass;
}

export interface CollectOptions {
  /** Size of the network's input in detection. */
  height: number;
  width: number;
  /** Also the layers of a training step, at the config's training size, with their gradients. */
  train: boolean;
}

/** The input of a training step: the canvas, or a square of the least training size. */
export function trainingSize(config: Config): { height: number; width: number } {
  const { canvas, trainShortSides } = config.input;
  const side = trainShortSides[0] ?? 512;
  const [height = side, width = side] = canvas ?? [];
  return { height, width };
}

/** Every pass of every layer, each once, in the order of the network. */
export function collectLayers(
  device: Device,
  config: Config,
  options: CollectOptions,
): LayerPass[] {
  const dry = new DryDevice(device);
  const model = new AofdModel(config.model);
  using params = ParamStore.withoutValues(dry, model.specs());
  const found = new Map<string, LayerPass>();
  const run = (size: { height: number; width: number; images: number }, rois: number): string[] =>
    planned(dry, () => forward(dry, model, params, size, rois, options.train));
  const add = (keys: readonly string[], of: readonly Pass[]): void => {
    for (const key of keys) for (const pass of of) found.set(`${key} ${pass}`, { key, pass });
  };
  const { test } = config.proposals;
  for (const rois of new Set([test.postNmsTop, mostProposals(test)].map(paddedRois))) {
    add(run({ ...options, images: 1 }, rois), ['forward']);
  }
  if (options.train) {
    const images = config.train.batch;
    add(run({ ...trainingSize(config), images }, images * config.rois.batchSize), passes);
  }
  return [...found.values()];
}

/** Keys of the layers that are planned while `work` runs. */
function planned(device: Device, work: () => void): string[] {
  const keys: string[] = [];
  const stop = observePlans(device.context, (key) => keys.push(key));
  try {
    work();
  } finally {
    stop();
  }
  return [...new Set(keys)];
}

function forward(
  device: Device,
  model: AofdModel,
  params: ParamStore,
  size: { height: number; width: number; images: number },
  rois: number,
  generator: boolean,
): void {
  using _scope = device.scope();
  withoutGrad(device, () => {
    const shape = [size.images, 3, size.height, size.width];
    const images = device.zeros(shape, { layout: 'c4' });
    const features: Tensor[] = model.backbone.forward(params, images);
    model.rpn.forward(params, features);
    const pooled = model.pool(features, device.zeros([rois, 5]));
    model.head.forward(params, pooled);
    model.segment(params, features);
    if (generator) model.generator.forward(params, pooled);
  });
}
