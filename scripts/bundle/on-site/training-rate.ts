/**
 * `training-rate.js --preset paper --out FOLDER [--device NAME] [--seconds N]`: whole training updates of a preset
 * (joint stage, random weights, drawn pictures), timed one by one. Writes `rate.json` after each.
 */
import * as path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { openTrainingAsync, trainingSize } from '../../../bench/cases/training-step.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import '../../../src/aofd/node.js';
import { atomicWriteFile } from '../../../src/nn/io/files/index.js';
import { Device } from '../../../src/nn/index.js';
import { endWithAsync } from './program.js';
import type { TrainingRate } from './results.js';

const LEAST_STEPS = 5;

async function mainAsync(): Promise<number> {
  const { values } = parseArgs({
    options: {
      preset: { type: 'string', default: 'paper' },
      out: { type: 'string', default: '.' },
      device: { type: 'string' },
      seconds: { type: 'string', default: '20' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write('training updates of a preset: see docs/bundle.md\n');
    return 0;
  }
  let isStopping = false;
  process.once('SIGINT', () => (isStopping = true));
  const config = presetConfig(values.preset);
  const device = await Device.createAsync(values.device ? { adapter: values.device } : {});
  const rate: TrainingRate = {
    preset: values.preset,
    ...trainingSize(config),
    coldMs: null,
    stepMs: [],
    peakMegabytes: 0,
  };
  const save = (): void =>
    atomicWriteFile(path.join(values.out, 'rate.json'), `${JSON.stringify(rate, null, 1)}\n`);
  save();
  const training = await openTrainingAsync(device, config);
  const begun = performance.now();
  while (!isStopping) {
    const start = performance.now();
    await training.stepAsync();
    const ms = performance.now() - start;
    if (rate.coldMs === null) rate.coldMs = ms;
    else rate.stepMs.push(ms);
    rate.peakMegabytes = device.stats().peakBytes / 1e6;
    save();
    const isLong = performance.now() - begun > 1000 * Number(values.seconds);
    if (isLong && rate.stepMs.length >= LEAST_STEPS) break;
  }
  training.dispose();
  await device.destroyAsync();
  return 0;
}

await endWithAsync(mainAsync);
