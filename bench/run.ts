/**
 * `npm run bench -- [--quick] [--only PATTERN] [--peers] ...`: like `aofd bench`, with other
 * libraries to compare with. docs/benchmarks.md says how to read it.
 */
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { runBenchAsync, type BenchFlags } from '../src/aofd/bench/command.node.js';
import { addBenchOptions } from '../src/aofd/cli/bench.js';
import { collect } from '../src/aofd/cli/common.js';
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

const command = addBenchOptions(new Command('bench'))
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
