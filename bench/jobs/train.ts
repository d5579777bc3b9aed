/** Training steps of both presets, and how time grows with area, RoIs and batch. */
import { presetConfig } from '../../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';
import { imageTensor } from '../../src/aofd/train/step/input.js';
import {
  drawnBatch,
  openTrainingAsync,
  roiTensor,
  trainingSize,
  type BatchSize,
} from '../cases/training-step.js';
import { clockAsync, type Clocked } from '../measure/clock.js';
import { figuresOf, type Figure } from '../measure/figure.js';
import { pairedRatio, spreadOf, timingOf, type Timing } from '../measure/stats.js';
import { memoryFiguresAsync } from './memory.js';
import type { JobOptions } from './options.js';

const figure = figuresOf('train');
const scaling = figuresOf('scaling');

type Rounds = Clocked[];

/** The step, the network forward, and all of the step that comes before backward, in turns. */
async function stepFiguresAsync(
  options: JobOptions,
  preset: 'lite' | 'paper',
  repeats: number,
): Promise<Figure[]> {
  const { cores } = options;
  const config = presetConfig(preset);
  const training = await openTrainingAsync(options.device, config);
  const rounds = { step: [] as Rounds, network: [] as Rounds, losses: [] as Rounds };
  // Each first runs once untimed: a step follows a step in training, and packs new weights, which
  // both forward passes find packed.
  const turnAsync = async (into: Rounds, run: () => Promise<void>): Promise<void> => {
    await run();
    into.push(await clockAsync(run, cores));
  };
  try {
    options.progress(`${preset} step, cold`);
    const cold = await clockAsync(() => training.stepAsync(), cores);
    for (let i = 0; i < repeats; i++) {
      options.progress(`${preset} step ${i + 1} of ${repeats}`);
      await turnAsync(rounds.step, () => training.stepAsync());
      await turnAsync(rounds.network, () => training.forwardAsync());
      await turnAsync(rounds.losses, () => training.lossesAsync());
    }
    return figuresOfStep(preset, trainingSize(config), training.counts()?.rois ?? 0, {
      step: timingOf(rounds.step, cold.wallMs),
      network: timingOf(rounds.network, null),
      losses: timingOf(rounds.losses, null),
    });
  } finally {
    training.dispose();
  }
}

function figuresOfStep(
  preset: string,
  size: BatchSize,
  rois: number,
  { step, network, losses }: { step: Timing; network: Timing; losses: Timing },
): Figure[] {
  const label = labelOf(preset, size);
  const ms = (time: number | null): string => `${Math.round(time ?? 0)} ms`;
  const over = (name: string, forward: Timing): Figure => {
    const note = `by processor time ${pairedRatio(forward, step, 'cpuMs').median.toFixed(2)}`;
    return figure(`${label}: step over ${name}`, pairedRatio(forward, step), 'x', note);
  };
  return [
    figure(
      `${label}: training step`,
      step.wallMs,
      'ms',
      `${ms(step.cpuMs.median)} by processor time; ${rois} RoIs; cold ${ms(step.coldMs)}`,
    ),
    figure(`${label}: network forward`, network.wallMs, 'ms'),
    figure(
      `${label}: the step's forward`,
      losses.wallMs,
      'ms',
      'with proposals, mask generator and losses, nothing recorded',
    ),
    over('network forward', network),
    over("the step's forward", losses),
    figure(`${label}: training images per second`, (1000 * size.images) / step.wallMs.median, ''),
  ];
}

const labelOf = (preset: string, { images, height, width }: BatchSize): string =>
  `${preset}, ${images} x ${width}x${height}`;

/** Memory of a training step, nothing else in the process. */
function stepMemoryAsync(options: JobOptions, preset: 'lite' | 'paper'): Promise<Figure[]> {
  const label = `${labelOf(preset, trainingSize(presetConfig(preset)))}: training step`;
  return memoryFiguresAsync(options, { kind: 'memory-train', preset }, { group: 'train', label });
}

/** Median wall time of a few runs, one run before; milliseconds. */
async function timeAsync(work: () => Promise<void>, repeats: number): Promise<number> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) times.push((await clockAsync(work, 1)).wallMs);
  return spreadOf(times).median;
}

/** How the forward pass of `lite` grows with area and batch, and the head with RoIs. */
async function scalingFiguresAsync({ device, progress }: JobOptions): Promise<Figure[]> {
  const config = presetConfig('lite');
  const model = new AofdModel(config.model);
  const params = ParamStore.create(device, model.specs(), 1);
  params.freezeForInference();
  const figures: Figure[] = [];
  const forwardAsync = async (images: number, side: number): Promise<void> => {
    const batch = drawnBatch({ images, height: side, width: side });
    const ms = await timeAsync(async () => {
      using _scope = device.scope();
      const x = imageTensor(device, batch.images, images, side, side, config.input);
      const features = model.backbone.forward(params, x);
      model.rpn.forward(params, features);
      await device.settledAsync();
    }, 5);
    const each = `${((1e6 * ms) / (images * side * side)).toFixed(0)} ns a pixel`;
    figures.push(scaling(`lite backbone and RPN, ${images} x ${side}x${side}`, ms, 'ms', each));
  };
  try {
    progress('scaling');
    for (const side of [256, 384, 512, 768]) await forwardAsync(1, side);
    for (const images of [2, 4, 8]) await forwardAsync(images, 384);
    const level = model.backbone.levels[model.roiLevel];
    const stride = level?.stride ?? 8;
    using _outer = device.scope();
    const map = device.zeros([1, level?.channels ?? 0, 512 / stride, 512 / stride], {
      layout: 'c4',
    });
    const features = model.backbone.levels.map(() => map);
    for (const count of [8, 32, 128, 300]) {
      const ms = await timeAsync(async () => {
        using _scope = device.scope();
        model.head.forward(params, model.pool(features, roiTensor(device, count, 1, 512)));
        await device.settledAsync();
      }, 5);
      const each = `${((1000 * ms) / count).toFixed(0)} us a RoI`;
      figures.push(scaling(`lite RoI pooling and head, ${count} RoIs`, ms, 'ms', each));
    }
  } finally {
    params.dispose();
  }
  return figures;
}

export async function trainFiguresAsync(options: JobOptions): Promise<Figure[]> {
  const figures = await stepFiguresAsync(options, 'lite', options.isQuick ? 3 : 9);
  if (!options.isQuick) {
    figures.push(...(await stepMemoryAsync(options, 'lite')));
    figures.push(...(await scalingFiguresAsync(options)));
    figures.push(...(await stepFiguresAsync(options, 'paper', 3)));
    figures.push(...(await stepMemoryAsync(options, 'paper')));
  }
  return figures;
}
