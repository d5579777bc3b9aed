/** `aofd train`: trains a detector through the stages of a config. */
import * as fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import type { Config } from '../config/index.js';
import { collectLessOften } from './collector.js';
import { refuseOverData, refuseOverLists } from './data-lists.js';
import { InterruptedError, UsageError } from './errors.js';
import { checkOutFolder, refuseOverwriting } from './outputs.js';
import { addProfileOption, profileFiles, withProfileAsync } from './profile.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { FileSet } from '../../nn/io/files/same-file.js';
import {
  addDeviceOption,
  collect,
  printLine,
  printDeviceNotices,
  printNotice,
  withInterrupt,
} from './common.js';

interface TrainArguments {
  config?: string;
  set: string[];
  out?: string;
  resume?: boolean;
  weights?: string;
  device?: string;
  overfitOneBatch?: boolean;
  dumpStep?: string;
  profile?: string;
}

/** Adds the command. */
export function register(program: Command): void {
  const command = program
    .command('train')
    .description('Train a detector: stages, data and network come from a config file.')
    .option('--config <file>', 'JSON file of differences to a preset (default: the lite preset)')
    .option(
      '--set <path=value>',
      'change one setting, e.g. optim.lr=0.002 (repeatable)',
      collect,
      [],
    )
    .option('--out <folder>', 'folder of the run: checkpoints, weights, metrics.jsonl, samples')
    .option('--resume', 'go on from the newest checkpoint in the folder of the run')
    .option('--weights <file>', 'values to start from (our safetensors, or VGG16 weights)')
    .option('--overfit-one-batch', 'train on the first batch only: losses must fall to near zero')
    .option(
      '--dump-step <file>',
      'run one update, write everything about it as safetensors, and end',
    );
  addProfileOption(command);
  addDeviceOption(command);
  command.action(async (options: TrainArguments) => {
    collectLessOften();
    await withInterrupt((signal) => trainAsync(options, signal));
  });
}

async function trainAsync(options: TrainArguments, signal: AbortSignal): Promise<void> {
  checkUsage(options);
  if (options.out !== undefined) checkOutFolder(options.out);
  const { loadConfig } = await import('../config/files.js');
  const config = loadConfig(options.config ?? null, options.set);
  checkOutputs(options, config);
  const [
    { Device },
    { Trainer, JsonlWriter, TerminalWriter },
    { trainHooks, loadInitialWeightsAsync },
  ] = await Promise.all([
    import('../../nn/index.js'),
    import('../train/run/index.js'),
    import('../train/run/hooks.js'),
  ]);
  const outDir =
    options.out ??
    fs.mkdtempSync(path.join(path.dirname(path.resolve(options.dumpStep ?? '.')), '.dump-'));
  try {
    const initial = options.weights
      ? await loadInitialWeightsAsync(options.weights, config, printNotice)
      : undefined;
    const device = await Device.createAsync(options.device ? { adapter: options.device } : {});
    await printDeviceNotices(device);
    printNotice(`adapter: ${device.adapter.description || device.adapter.device}`);
    const terminal = new TerminalWriter(process.stderr);
    const writers = options.dumpStep
      ? [terminal]
      : [terminal, new JsonlWriter(path.join(outDir, 'metrics.jsonl'))];
    using trainer = new Trainer({
      config,
      device,
      outDir,
      resume: options.resume ?? false,
      writers,
      hooks: trainHooks(config),
      signal,
      isReader: options.dumpStep !== undefined,
      overfitOneBatch: options.overfitOneBatch ?? false,
      ...(initial ? { initialWeights: initial } : {}),
    });
    await trainer.prepareAsync();
    const { dumpStep } = options;
    if (dumpStep) {
      await withProfileAsync(device, options.profile, () => trainer.dumpStepAsync(dumpStep));
      printLine(dumpStep);
      return;
    }
    writeConfigCopy(outDir, config, options.config);
    const result = await withProfileAsync(device, options.profile, () => trainer.runAsync());
    terminal.close();
    if (result.reason === 'interrupted')
      throw new InterruptedError('interrupted', 'stopped; go on with --resume');
    printLine(path.join(outDir, 'weights.safetensors'));
  } finally {
    if (!options.out) fs.rmSync(outDir, { recursive: true, force: true });
  }
}

/** @throws UsageError for options that do not go together */
function checkUsage(options: TrainArguments): void {
  if (!options.out && !options.dumpStep) {
    throw new UsageError('usage', 'train needs a folder for the run.', {
      fix: 'add --out runs/my-run.',
    });
  }
  if (options.resume && !options.out) {
    throw new UsageError('usage', '--resume needs the folder of the run.', {
      fix: 'add --out with the folder that holds its checkpoints.',
    });
  }
  if (options.resume && options.weights) {
    throw new UsageError(
      'usage',
      '--weights starts a run, --resume goes on with one: both together make no sense.',
      { fix: 'leave one of them out.' },
    );
  }
}

/** Beside the checkpoints, unless it is the file that was given: a run resumed with its own config. */
function writeConfigCopy(outDir: string, config: Config, given: string | undefined): void {
  const copy = path.join(outDir, 'config.json');
  if (given !== undefined && new FileSet([given]).has(copy)) return;
  atomicWriteFile(copy, `${JSON.stringify(config, null, 2)}\n`);
}

/** The weights to start from, the config, and the lists of the data must not be what the run writes. */
function checkOutputs(
  { out, weights, config: file, dumpStep, profile }: TrainArguments,
  config: Config,
): void {
  const inRun = (name: string): string | undefined => out && path.join(out, name);
  const ofRun = [inRun('weights.safetensors'), inRun('metrics.jsonl')];
  const named = [dumpStep, ...(profile === undefined ? [] : Object.values(profileFiles(profile)))];
  const options = '--out, --dump-step or --profile';
  refuseOverwriting([file, weights], [...ofRun, ...named], options);
  // A run may be given its own copy of the config, which it then leaves as it is.
  const copy = inRun('config.json');
  refuseOverwriting([weights], [copy], options);
  refuseOverLists(config, [...ofRun, copy], options);
  refuseOverData(config, named, options);
}
