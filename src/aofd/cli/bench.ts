/** `aofd bench`: the machine's ceilings, every kernel against them, whole detections and steps. */
import * as path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import type { BenchFlags } from '../bench/command.node.js';
import { addDeviceOption, collect, parseInteger } from './common.js';
import { EXIT } from './errors.js';

/** Adds the options that `npm run bench` has too. */
export function addBenchOptions(command: Command): Command {
  command
    .option('--quick', 'fewer cases and rounds, under two minutes')
    .option('--only <pattern>', 'only what matches: conv/conv3, linear, maps, stack, detect, train')
    .option('--repeats <count>', 'rounds (default: 9, quick 5)', parseInteger(1, 1000))
    .option('--out <folder>', 'where report and plots go (default: bench/results/ADAPTER-DATE)')
    .option('--json <file>', 'also write the report there, - for standard output')
    .option('--compare <report>', 'say what became slower than in this report.json (exit code 1)')
    .option('--pictures <path>', 'pictures or folders to detect on; repeatable', collect)
    .option('--no-plots', 'write no plots');
  return addDeviceOption(command);
}

export function register(program: Command): void {
  const command = program
    .command('bench')
    .description('measure the machine, the kernels, detection and training');
  addBenchOptions(command).action(async (flags: BenchFlags) => {
    const { runBenchAsync } = await import('../bench/command.node.js');
    const { isSlower } = await runBenchAsync(flags, {
      defaultOut: path.join('bench', 'results'),
    });
    if (isSlower) process.exitCode = EXIT.failure;
  });
}
