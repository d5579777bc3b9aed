/**
 * `npm run bench -- [--quick] [--only PATTERN] [--peers] ...`: the machine's ceilings, every kernel
 * against them, whole detections and steps, other libraries beside them. docs/benchmarks.md says how
 * to read it.
 */
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { runBenchAsync, type BenchFlags } from './command.js';
import { addDeviceOption, collect, parseInteger } from '../src/aofd/cli/common.js';
import { formatError } from '../src/aofd/cli/errors.js';
import { installPeers, openPeersAsync, parseOnnxDetector } from './peers/index.js';

interface Flags extends BenchFlags {
  peers?: boolean;
  onnxDetector?: string[];
}

const print = (line: string): void => void process.stderr.write(`${line}\n`);

async function mainAsync(flags: Flags): Promise<boolean> {
  const onnx = (flags.onnxDetector ?? []).map(parseOnnxDetector);
  const wantsPeers = flags.peers || onnx.length > 0;
  if (wantsPeers) installPeers(print);
  const results = path.join(path.dirname(fileURLToPath(import.meta.url)), 'results');
  const { isSlower } = await runBenchAsync(flags, {
    defaultOut: path.relative(process.cwd(), results) || '.',
    ...(wantsPeers && {
      openPeersAsync: (device, name) => openPeersAsync(device, name, { onnx, print }),
    }),
  });
  return isSlower;
}

const command = addDeviceOption(new Command('bench'))
  .option('--quick', 'fewer cases and rounds, under two minutes')
  .option('--only <pattern>', 'only what matches: conv/conv3, linear, maps, stack, detect, train')
  .option('--repeats <count>', 'rounds (default: 9, quick 5)', parseInteger(1, 1000))
  .option('--out <folder>', 'where report and plots go (default: bench/results/ADAPTER-DATE)')
  .option('--json <file>', 'also write the report there, - for standard output')
  .option('--compare <report>', 'say what became slower than in this report.json (exit code 1)')
  .option('--pictures <path>', 'pictures or folders to detect on; repeatable', collect)
  .option('--no-plots', 'write no plots')
  .option('--peers', 'compare with TensorFlow.js, onnxruntime and face-api (installed on demand)')
  .option(
    '--onnx-detector <name=file>',
    'also time a detector of yours in onnxruntime at 640x480; repeatable',
    collect,
  )
  .parse();
try {
  const isSlower = await mainAsync(command.opts<Flags>());
  process.stdout.write('', () => process.exit(isSlower ? 1 : 0));
} catch (error) {
  process.stderr.write(`bench: ${formatError(error)}\n`);
  process.exit(1);
}
