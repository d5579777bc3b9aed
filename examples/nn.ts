/**
 * The framework alone: a small network learns to tell the inside of a ring from its outside.
 *
 *     npx tsx examples/nn.ts
 *
 * In your own project, import from 'aofd/nn'.
 */
import process from 'node:process';
import { AdamW, CounterRng, Device, linear, softmaxCrossEntropy, Tape } from '../src/nn/node.js';

const device = await Device.createAsync();
const rng = new CounterRng(1, 'ring');

// Points in a square; label 1 inside of a circle.
const count = 512;
const points = Float32Array.from({ length: 2 * count }, () => rng.range(-1, 1));
const labels = Int32Array.from({ length: count }, (_, i) =>
  Math.hypot(points[2 * i] ?? 0, points[2 * i + 1] ?? 0) < 0.7 ? 1 : 0,
);
const x = device.tensor(points, [count, 2]);
const y = device.tensor(labels, [count], { dtype: 'i32' });

// Two layers. Parameters live until they are disposed.
const values = (n: number, std: number): Float32Array =>
  Float32Array.from({ length: n }, () => std * rng.normal());
const w1 = device.parameter('w1', values(2 * 32, 1), [32, 2]);
const b1 = device.parameter('b1', values(32, 0.1), [32]);
const w2 = device.parameter('w2', values(32 * 2, 0.2), [2, 32]);
const b2 = device.parameter('b2', values(2, 0), [2]);
const optimizer = new AdamW([w1, b1, w2, b2], { weightDecay: 0 });

for (let step = 0; step <= 300; step++) {
  let loss: Promise<ArrayLike<number>>;
  {
    using _scope = device.scope(); // frees everything that this step makes
    using tape = new Tape(device); // records for the backward pass
    const logits = linear(linear(x, w1, b1, { relu: true }), w2, b2);
    const mean = softmaxCrossEntropy(logits, y, { reduction: 'mean' });
    tape.backward([[mean, 1]]);
    loss = mean.readAsync();
  }
  optimizer.step(0.02);
  optimizer.zeroGrad();
  if (step % 50 === 0) console.log(`step ${step}: loss ${((await loss)[0] ?? NaN).toFixed(4)}`);
  else await loss;
}

optimizer.dispose();
for (const tensor of [x, y, w1, b1, w2, b2]) tensor.dispose();
console.log(`live tensors: ${device.stats().liveTensors}`);
await device.destroyAsync();
process.exit(0);
