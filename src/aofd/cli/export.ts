/** `aofd export`: weights in another form. */
import { Option, type Command } from 'commander';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { printNotice } from './common.js';
import { refuseOverwriting } from './outputs.js';

interface ExportFlags {
  format: 'web';
  weights?: string;
  out: string;
  withGenerator?: boolean;
}

export function register(program: Command): void {
  program
    .command('export')
    .description('write weights in another form')
    .addOption(
      new Option('--format <name>', 'web: float16, only what detection uses, for aofd/browser')
        .choices(['web'])
        .default('web'),
    )
    .option('--weights <file>', 'weights (default: $AOFD_WEIGHTS or those of the package)')
    .requiredOption('--out <file>', 'the safetensors file to write')
    .option('--with-generator', 'keep the mask generator, for looks inside')
    .action(runAsync);
}

async function runAsync({ weights: given, out, withGenerator }: ExportFlags): Promise<void> {
  const { configOf, networkOf } = await import('../weights/detector-weights.js');
  const { webWeights } = await import('../weights/web-weights.js');
  const { defaultWeightsFile, readWeightsAsync } =
    await import('../weights/files/detector-weights.js');
  const file = given ?? defaultWeightsFile();
  refuseOverwriting([file], [out]);
  const weights = await readWeightsAsync(file);
  networkOf(configOf(weights, file), weights, file); // refuses what no detector could be made of
  const bytes = webWeights(weights, { withGenerator: withGenerator ?? false });
  atomicWriteFile(out, bytes);
  printNotice(`wrote ${out}: ${(bytes.length / 1e6).toFixed(2)} MB`);
}
