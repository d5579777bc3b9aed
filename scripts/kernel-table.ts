/**
 * `npm run kernels -- [--mode speed|support] [--case TEXT] [--device NAME] [--json FILE]`: the kernel
 * test table in its other two modes. `support` says for every case whether this adapter runs it and
 * agrees with the CPU twin; `speed` times forward, and forward with backward, warm: median and
 * quartiles of wall times, submit and wait included. The shapes are those of the tests, small on
 * purpose: compare versions and adapters with it, not machines with their peaks.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Device, Tape } from '../src/nn/node.js';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import type { OpCase } from '../test/nn/ops/case.js';
import { loadFamiliesAsync } from '../test/nn/ops/families.js';
import {
  checkParityAsync,
  makeInputs,
  makeUpstream,
  upload,
  wantsGrad,
} from '../test/nn/ops/runner.js';

interface Spread {
  median: number;
  low: number;
  high: number;
}

interface Row {
  name: string;
  result: string;
  forwardMs?: Spread;
  trainMs?: Spread;
}

const { values: args } = parseArgs({
  options: {
    mode: { type: 'string', default: 'support' },
    case: { type: 'string', default: '' },
    device: { type: 'string' },
    repeats: { type: 'string', default: '9' },
    json: { type: 'string' },
  },
});
if (args.mode !== 'support' && args.mode !== 'speed') {
  process.stderr.write(`--mode is "${args.mode}". Fix: use speed or support.\n`);
  process.exit(2);
}

function spread(times: number[]): Spread {
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** Times a case's forward pass, or forward and backward with the output's own sum of products. */
async function timeAsync(device: Device, test: OpCase, isTraining: boolean): Promise<Spread> {
  using _scope = device.scope();
  const arrays = makeInputs(test);
  const inputs = upload(device, test, arrays);
  const { shape } = test.twin(arrays);
  const upstream = makeUpstream(test, shape).data;
  const times: number[] = [];
  for (let i = 0; i <= Number(args.repeats); i++) {
    for (const [name, input] of Object.entries(test.inputs)) {
      const tensor = inputs[name] as (typeof inputs)[string];
      tensor.requiresGrad = isTraining && wantsGrad(input);
      tensor.freeDerived();
    }
    {
      using _inner = device.scope();
      using tape = isTraining ? new Tape(device) : null;
      await device.settledAsync();
      const start = performance.now();
      const y = test.run(inputs, device);
      if (tape) tape.backward([[y, device.tensor(upstream, shape, { layout: y.layout })]]);
      await device.settledAsync();
      if (i > 0) times.push(performance.now() - start);
    }
    for (const tensor of Object.values(inputs)) {
      tensor.grad?.dispose();
      tensor.grad = null;
    }
  }
  return spread(times);
}

async function runCaseAsync(device: Device, family: string, test: OpCase): Promise<Row> {
  const row: Row = { name: `${family}/${test.name}`, result: test.skip?.(device) ?? 'ok' };
  if (row.result !== 'ok') return row;
  try {
    if (args.mode === 'support') await checkParityAsync(device, test);
    else {
      row.forwardMs = await timeAsync(device, test, false);
      if (test.twinGrad) row.trainMs = await timeAsync(device, test, true);
    }
  } catch (error) {
    row.result = `FAILED: ${(error as Error).message.split('\n')[0]}`;
  }
  return row;
}

const device = await Device.createAsync(args.device ? { adapter: args.device } : {});
process.stdout.write(`adapter ${device.adapter.description || device.adapter.device}\n`);
if (args.mode === 'speed') process.stdout.write('ms: forward, then forward and backward\n');
const ms = (s: Spread | undefined): string =>
  s ? ` ${s.median.toFixed(2).padStart(8)} (${s.low.toFixed(2)}..${s.high.toFixed(2)})` : '';
const rows: Row[] = [];
for (const { family, cases } of await loadFamiliesAsync(args.case)) {
  for (const test of cases) {
    const row = await runCaseAsync(device, family, test);
    rows.push(row);
    process.stdout.write(
      `${row.name.padEnd(60)} ${row.result}${ms(row.forwardMs)}${ms(row.trainMs)}\n`,
    );
  }
}
const failed = rows.filter((row) => row.result.startsWith('FAILED')).length;
process.stdout.write(`${rows.length} cases, ${failed} failed\n`);
if (args.json) {
  const report = { adapter: device.adapter, mode: args.mode, repeats: Number(args.repeats), rows };
  atomicWriteFile(args.json, `${JSON.stringify(report, null, 2)}\n`);
}
await device.destroyAsync();
process.exitCode = failed > 0 ? 1 : 0;
