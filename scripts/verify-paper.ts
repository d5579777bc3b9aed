/**
 * `npm run verify:paper`: one forward pass and one whole training step of the `paper` preset (VGG16,
 * 4096-wide head) at short side 512, on this adapter. Prints times, peak memory of the process and
 * of the device pools, and the losses. Fails above 14 GB. Takes minutes on a software adapter.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Device, Sgd, clipFactor } from '../src/nn/node.js';
import { presetConfig, type StageConfig } from '../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../src/aofd/model/index.js';
import { trainedGroups } from '../src/aofd/train/run/training-state.js';
import { TrainStep } from '../src/aofd/train/step/train-step.js';
import { imageTensor } from '../src/aofd/train/step/input.js';

const limitGb = 14;
const height = 512;
const width = 682;

/** Most memory that this process ever held, in GB; includes a software adapter's memory. */
function peakGb(): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (match) return Number(match[1]) / 1e6;
  } catch {
    // Not Linux: the resident size is the best that can be said.
  }
  return process.memoryUsage().rss / 1e9;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const device = await Device.createAsync(process.argv[2] ? { adapter: process.argv[2] } : {});
print(`adapter ${device.adapter.description || device.adapter.device}`);
const config = presetConfig('paper');
const stage = config.stages.find((s) => s.kind === 'joint') as StageConfig;
const model = new AofdModel(config.model, {
  lrMult: config.optim.biasLrMult,
  decayMult: config.optim.biasDecayMult,
});
const params = ParamStore.create(device, model.specs(), 1);
params.setTrainable(trainedGroups(stage));
print(`paper: ${(params.count() / 1e6).toFixed(1)} M parameters, image ${width}x${height}`);

// A picture of soft noise with two "faces": the figures do not depend on the content.
const images = Uint8Array.from(
  { length: height * width * 3 },
  (_, i) => 100 + ((i * 2654435761) >>> 24) / 3,
);
const segLabels = new Uint8Array(height * width).fill(255);
for (let y = 100; y < 300; y++) segLabels.fill(y < 200 ? 0 : 1, y * width + 120, y * width + 260);
const batch = {
  width,
  height,
  images,
  boxes: [Float32Array.of(120, 100, 259, 299, 400, 150, 479, 259)],
  ignore: [Uint8Array.of(0, 0)],
  segLabels: [segLabels],
  ids: ['synthetic'],
};

for (let i = 0; i < 2; i++) {
  const start = performance.now();
  using _scope = device.scope();
  const tape = device.tape;
  const features = model.backbone.forward(
    params,
    imageTensor(device, images, 1, height, width, config.input),
  );
  await device.settledAsync();
  device.tape = tape;
  print(
    `backbone forward ${i === 0 ? 'cold' : 'warm'}: ${((performance.now() - start) / 1000).toFixed(2)} s, map ${features[0]?.shape.join('x')}, peak ${peakGb().toFixed(2)} GB`,
  );
}

const optimizer = new Sgd(
  params
    .trainable()
    .map(({ spec, tensor }) => ({ param: tensor, lrMult: spec.lrMult, decayMult: spec.decayMult })),
);
const step = new TrainStep(model, params, config, stage);
for (let i = 0; i < 2; i++) {
  const start = performance.now();
  const result = await step.runAsync(batch, { step: i });
  const losses = await result.losses;
  const gradients = performance.now();
  {
    using _scope = device.scope();
    const trained = params.trainable().map(({ tensor }) => tensor);
    optimizer.step(1e-5, clipFactor(trained, 1e9));
    params.zeroGrad();
    await device.settledAsync();
  }
  const end = performance.now();
  const stats = device.stats();
  print(
    `training step ${i === 0 ? 'cold' : 'warm'}: ${((end - start) / 1000).toFixed(2)} s (update ${((end - gradients) / 1000).toFixed(2)} s), ` +
      `device peak ${(stats.peakBytes / 1e9).toFixed(2)} GB, process peak ${peakGb().toFixed(2)} GB`,
  );
  print(
    `  ${Object.entries(losses)
      .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
      .join('  ')}`,
  );
  if (!Object.values(losses).every(Number.isFinite)) throw new Error('a loss is not finite');
}
const peak = peakGb();
optimizer.dispose();
params.dispose();
await device.destroyAsync();
if (peak > limitGb) {
  print(`FAILED: ${peak.toFixed(2)} GB exceed ${limitGb} GB`);
  process.exitCode = 1;
} else print(`ok: peak ${peak.toFixed(2)} GB, limit ${limitGb} GB`);
