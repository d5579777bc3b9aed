/**
 * Trains a very small detector for a minute on two photographs and runs it on one of them: a pattern
 * to start from, not a useful detector. `aofd train` does the same from a config file.
 *
 *     npx tsx examples/train.ts [folder]
 *
 * In your own project, import from 'aofd' and 'aofd/nn'.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { Detector, resolveConfig, Trainer, type EventWriter } from '../src/aofd/index.js';
import { Device } from '../src/nn/index.js';

const out = process.argv[2] ?? 'runs/example';
const images = 'node_modules/@vladmandic/face-api/demo';
fs.mkdirSync(out, { recursive: true });

// Annotations in WIDER's format: picture, number of faces, then x y width height and six flags.
const list = path.join(out, 'faces.txt');
fs.writeFileSync(
  list,
  [
    'sample1.jpg\n3',
    '396 366 201 225 0 0 0 0 0 0\n1483 200 217 241 0 0 0 0 0 0\n842 428 194 217 0 0 0 0 0 0',
    'sample6.jpg\n4',
    '1476 288 223 259 0 0 0 0 0 0\n246 516 223 255 0 0 0 0 0 0',
    '1179 332 184 213 0 0 0 0 0 0\n650 355 198 235 0 0 0 0 0 0',
  ].join('\n'),
);

// Differences to the preset `lite`; everything left out keeps its value.
const config = resolveConfig({
  preset: 'lite',
  input: { canvas: [192, 192], maxSize: 320 },
  model: {
    stemChannels: 16,
    stageChannels: [16, 32, 32, 32],
    blocks: [0, 1, 0, 0],
    fpnChannels: 32,
    rpnChannels: 32,
    hidden6: 64,
    hidden7: 0,
    generator: { channels: 16 },
    segmentation: { channels: [16, 16] },
  },
  rois: { batchSize: 32 },
  stages: [
    {
      name: 'faces',
      kind: 'detector',
      steps: 120,
      lr: 0.003,
      schedule: 'cosine',
      warmupSteps: 10,
      decayAt: [],
      decayFactor: 0.1,
      finalLrFactor: 0.1,
      mu: 0.3,
      data: { faces: 1 },
      order: 'weighted',
      segFraction: 0,
      paintProbability: 0.5, // occluders painted over the faces teach the segmentation branch
    },
  ],
  train: { logEverySteps: 20, validateEverySteps: 0, samplesEverySteps: 0, validation: null },
  data: { root: '.', sources: { faces: { kind: 'wider', list, images } } },
});

const terminal: EventWriter = {
  write(event) {
    if (event.kind !== 'progress') return;
    const total = event.losses['total'] ?? NaN;
    console.log(
      `step ${event.step}/${event.totalSteps}: loss ${total.toFixed(3)}, ${Math.round(event.msPerStep)} ms per step`,
    );
  },
};

const device = await Device.createAsync();
using trainer = new Trainer({ config, device, outDir: out, writers: [terminal] });
await trainer.prepareAsync();
await trainer.runAsync();

using detector = await Detector.createAsync({
  weights: path.join(out, 'weights.safetensors'),
  device,
});
const { faces } = await detector.detectAsync(path.join(images, 'sample6.jpg'), { score: 0.3 });
console.log(
  `${faces.length} detections in sample6.jpg, which has 4 faces: a minute is not enough.`,
);
await device.destroyAsync();
process.exit(0);
