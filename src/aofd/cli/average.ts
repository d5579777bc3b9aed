/** `aofd average`: one weights file of several runs. */
import type { Command } from 'commander';
import { writeSafetensorsFileAsync } from '../../nn/io/files/index.js';
import { printNotice } from './common.js';
import { refuseOverwriting } from './outputs.js';

export function register(program: Command): void {
  program
    .command('average')
    .description('make one weights file of several runs that began with the same weights')
    .argument(
      '<files...>',
      'weights of two or more runs, the averaged ones that "aofd train" writes',
    )
    .requiredOption('--out <file>', 'the safetensors file to write')
    .action(runAsync);
}

async function runAsync(files: string[], { out }: { out: string }): Promise<void> {
  const { averageWeights } = await import('../weights/average-weights.js');
  const { readWeightsAsync } = await import('../weights/files/detector-weights.js');
  refuseOverwriting(files, [out]);
  const weights = await Promise.all(files.map((file) => readWeightsAsync(file)));
  const { tensors, metadata } = averageWeights(weights);
  await writeSafetensorsFileAsync(out, Object.fromEntries(tensors), metadata);
  printNotice(
    `wrote ${out}: the mean of ${files.length} files; aofd calibrate makes its scores probabilities`,
  );
}
