/** `aofd tune`: finds the fastest kernels for the layers of a network on this adapter. */
import * as fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { NnError } from '../../nn/errors.js';
import type { Device } from '../../nn/index.js';
import type { PassChoice, TuneOptions, TuningTable } from '../../nn/ops/tuning/index.js';
import type { LayerPass } from '../model/planned-layers.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import {
  addDeviceOption,
  collect,
  parseNumber,
  printLine,
  printNotice,
  withInterrupt,
} from './common.js';
import { UsageError } from './errors.js';
import { refuseOverwriting } from './outputs.js';

interface TuneArguments {
  preset?: string;
  config?: string;
  set: string[];
  size?: string;
  train: boolean;
  budget: number;
  fresh?: boolean;
  out?: string;
  device?: string;
}

/** Adds the command. */
export function register(program: Command): void {
  const command = program
    .command('tune')
    .description(
      'Time the kernels that could serve each layer of a network on this adapter, and remember the fastest.',
    )
    .option('--preset <name>', 'network: lite, nano or paper (default: lite)')
    .option('--config <file>', 'JSON file of differences to a preset')
    .option('--set <path=value>', 'change one setting (repeatable)', collect, [])
    .option('--size <WxH>', 'input of the network in detection (default: 640x480; paper: 512x512)')
    .option('--no-train', 'only the layers of detection, not those of a training step')
    .option(
      '--budget <ms>',
      'time each pass about this long, at least three rounds',
      parseNumber(0, 1e6),
      400,
    )
    .option('--fresh', 'time everything again (default: go on where the last run ended)')
    .option('--out <file>', "table to write (default: in the user's cache folder)");
  addDeviceOption(command);
  command.action(async (options: TuneArguments) => {
    await withInterrupt((signal) => tuneAsync(options, signal));
  });
}

async function tuneAsync(options: TuneArguments, signal: AbortSignal): Promise<void> {
  const { Device } = await import('../../nn/index.js');
  const { adapterName, kernelHash, slugOf, setTuningTables } =
    await import('../../nn/ops/tuning/index.js');
  const { tuningFile } = await import('../../nn/platform/node/tuning-files.js');
  const { collectLayers } = await import('../model/planned-layers.js');
  const { loadConfig } = await import('../config/files.js');
  const { resolveConfig } = await import('../config/index.js');
  if (options.preset && options.config) {
    throw new UsageError('usage', '--preset and --config both name a network.', {
      fix: 'leave one of them out.',
    });
  }
  const config = options.config
    ? loadConfig(options.config, options.set)
    : resolveConfig({ preset: options.preset ?? 'lite' }, options.set);
  const size = sizeOf(options.size ?? (config.model.backbone === 'vgg16' ? '512x512' : '640x480'));
  refuseOverwriting([options.config], [options.out]);
  const device = await Device.createAsync(
    options.device === undefined ? {} : { adapter: options.device },
  );
  try {
    printNotice(device.notice);
    const { context } = device;
    const file = path.resolve(options.out ?? tuningFile(slugOf(adapterName(context))));
    const table: TuningTable = {
      version: 1,
      adapter: adapterName(context),
      kernels: kernelHash(context),
      layers: {},
    };
    if (!options.fresh) Object.assign(table.layers, await earlierAsync(file, table));
    setTuningTables(context, []);
    const layers = collectLayers(device, config, { ...size, train: options.train });
    const timing = { ...clockOf(device), budgetMs: options.budget };
    await timeAllAsync(device, layers, table, file, timing, signal);
    const count = Object.keys(table.layers).length;
    printLine(`${count} layers of ${table.adapter} in ${file}`);
  } finally {
    await device.destroyAsync();
  }
}

function sizeOf(text: string): { width: number; height: number } {
  const match = /^(\d+)x(\d+)$/.exec(text);
  if (!match)
    throw new UsageError('usage', `--size is "${text}".`, {
      fix: 'write it as WxH, e.g. 640x480.',
    });
  return { width: Number(match[1]), height: Number(match[2]) };
}

/** What an earlier run with the same driver and kernels found. */
async function earlierAsync(file: string, table: TuningTable): Promise<TuningTable['layers']> {
  if (!fs.existsSync(file)) return {};
  const { parseTable } = await import('../../nn/ops/tuning/index.js');
  let earlier: TuningTable;
  try {
    earlier = parseTable(fs.readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (!(error instanceof NnError)) throw error;
    printNotice(`starting afresh: ${error.message}`);
    return {};
  }
  const isSame = earlier.adapter === table.adapter && earlier.kernels === table.kernels;
  if (!isSame) printNotice('the table is of another driver or other kernels: starting afresh');
  return isSame ? earlier.layers : {};
}

/**
 * The clock: on a software adapter the processor time of this process over its processors, which other
 * programs disturb less than wall time.
 */
function clockOf(device: Device): Pick<TuneOptions, 'now'> {
  if (!device.adapter.isSoftware) return {};
  return {
    now: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 2000;
    },
  };
}

async function timeAllAsync(
  device: Device,
  layers: readonly LayerPass[],
  table: TuningTable,
  file: string,
  timing: TuneOptions,
  signal: AbortSignal,
): Promise<void> {
  const { formatTable, tunePassAsync } = await import('../../nn/ops/tuning/index.js');
  const todo = layers.filter(({ key, pass }) => !table.layers[key]?.[pass]);
  if (todo.length < layers.length) {
    printNotice(`${layers.length - todo.length} of ${layers.length} passes were timed before`);
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const begin = performance.now();
  for (const [i, { key, pass }] of todo.entries()) {
    if (signal.aborted) break;
    const choice = await tunePassAsync(device, key, pass, timing);
    if (choice) {
      table.layers[key] = { ...table.layers[key], [pass]: choice };
      atomicWriteFile(file, formatTable(table));
    }
    const left = ((performance.now() - begin) / (i + 1)) * (todo.length - i - 1);
    progress(`${i + 1}/${todo.length}`, `${key} ${pass}: ${described(choice)}`, left);
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  if (!fs.existsSync(file)) atomicWriteFile(file, formatTable(table));
}

function described(choice: PassChoice | null): string {
  if (!choice) return 'nothing to choose';
  const tile = choice.tile === undefined ? '' : ` ${choice.tile}`;
  return `${choice.algorithm}${tile}, ${choice.ms} ms`;
}

/** One line that replaces itself on a terminal. */
function progress(count: string, what: string, leftMs: number): void {
  const line = `${count}  ${what}  (about ${Math.ceil(leftMs / 1000)} s left)`;
  if (!process.stderr.isTTY) process.stderr.write(`${line}\n`);
  else process.stderr.write(`\r${line.slice(0, 110).padEnd(110)}`);
}
