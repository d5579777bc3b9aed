/** Training steps of both presets, and how time grows with area, RoIs and batch. */
import type { Device } from '../../src/nn/index.js';
import { presetConfig } from '../../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';
import { imageTensor } from '../../src/aofd/train/step/input.js';
import { memoryFiguresAsync, type JobOptions } from './detect.js';
import { clockAsync } from '../measure/clock.js';
import { pairedRatio, spreadOf, timingOf } from '../measure/stats.js';
import { drawnBatch, roiTensor, trainingSize, trainingWorkAsync } from './train-work.js';
import type { Figure, Timing } from '../measure/types.js';

const figure = (name: string, value: number, unit: string, more: Partial<Figure> = {}): Figure => ({
  ...{ group: 'train', name, value, unit },
  ...more,
});

/** The step, the network forward, and all of the step that comes before backward, in turns. */
async function stepFiguresAsync(
  options: JobOptions,
  preset: 'lite' | 'paper',
  repeats: number,
): Promise<Figure[]> {
  const { device, cores } = options;
  const config = presetConfig(preset);
  const model = new AofdModel(config.model, {
    lrMult: config.optim.biasLrMult,
    decayMult: config.optim.biasDecayMult,
  });
  const params = ParamStore.create(device, model.specs(), 1);
  const work = await trainingWorkAsync(device, config, model, params);
  type Rounds = Timing['rounds'];
  const rounds = { step: [] as Rounds, network: [] as Rounds, losses: [] as Rounds };
  try {
    options.progress(`${preset} step, cold`);
    const cold = await clockAsync(() => work.stepAsync(), cores);
    // Each first runs once untimed: a step follows a step in training, and packs new weights, which
    // both forward passes find packed.
    const turnAsync = async (into: Rounds, run: () => Promise<void>): Promise<void> => {
      await run();
      into.push(await clockAsync(run, cores));
    };
    for (let i = 0; i < repeats; i++) {
      options.progress(`${preset} step ${i + 1} of ${repeats}`);
      await turnAsync(rounds.step, () => work.stepAsync());
      await turnAsync(rounds.network, () => work.forwardAsync());
      await turnAsync(rounds.losses, () => work.lossesAsync());
    }
    const { images, height, width } = trainingSize(config);
    const label = `${preset}, ${images} x ${width}x${height}`;
    const step = timingOf(rounds.step, cold.wallMs);
    const network = timingOf(rounds.network, null);
    const losses = timingOf(rounds.losses, null);
    const over = (name: string, forward: Timing): Figure => {
      const ratio = pairedRatio(forward, step);
      return figure(`${label}: step over ${name}`, ratio.median, 'x', {
        spread: ratio,
        note: `by processor time ${pairedRatio(forward, step, 'cpuMs').median.toFixed(2)}`,
      });
    };
    return [
      figure(`${label}: training step`, step.wallMs.median, 'ms', {
        spread: step.wallMs,
        note: `${Math.round(step.cpuMs.median)} ms by processor time; ${work.counts()?.rois ?? 0} RoIs; cold ${Math.round(cold.wallMs)} ms`,
      }),
      figure(`${label}: network forward`, network.wallMs.median, 'ms', { spread: network.wallMs }),
      figure(`${label}: the step's forward`, losses.wallMs.median, 'ms', {
        spread: losses.wallMs,
        note: 'with proposals, mask generator and losses, nothing recorded',
      }),
      over('network forward', network),
      over("the step's forward", losses),
      figure(`${label}: training images per second`, (1000 * images) / step.wallMs.median, ''),
    ];
  } finally {
    work.dispose();
    params.dispose();
  }
}

/** Memory of a training step, nothing else in the process. */
function stepMemoryAsync(options: JobOptions, preset: 'lite' | 'paper'): Promise<Figure[]> {
  const { images, height, width } = trainingSize(presetConfig(preset));
  const label = `${preset}, ${images} x ${width}x${height}: training step`;
  return memoryFiguresAsync(options, { kind: 'memory-train', preset }, { group: 'train', label });
}

/** Median wall time of a few runs, one run before. */
async function timeAsync(work: () => Promise<void>, repeats: number): Promise<number> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) times.push((await clockAsync(work, 1)).wallMs);
  return spreadOf(times).median;
}

/** How the forward pass of `lite` grows with area and batch, and the head with RoIs. */
async function scalingFiguresAsync(options: JobOptions, device: Device): Promise<Figure[]> {
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
    const pixels = images * side * side;
    figures.push({
      ...{ group: 'scaling', name: `lite backbone and RPN, ${images} x ${side}x${side}` },
      ...{ value: ms, unit: 'ms', note: `${((1e6 * ms) / pixels).toFixed(0)} ns a pixel` },
    });
  };
  try {
    options.progress('scaling');
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
      figures.push({
        ...{ group: 'scaling', name: `lite RoI pooling and head, ${count} RoIs` },
        ...{ value: ms, unit: 'ms', note: `${((1000 * ms) / count).toFixed(0)} us a RoI` },
      });
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
    figures.push(...(await scalingFiguresAsync(options, options.device)));
    figures.push(...(await stepFiguresAsync(options, 'paper', 3)));
    figures.push(...(await stepMemoryAsync(options, 'paper')));
  }
  return figures;
}
