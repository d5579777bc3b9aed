/** `--profile` of several commands: a table in the terminal, a report and a trace as files. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Command } from 'commander';
import type { Device, Profile } from '../../nn/index.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { printNotice } from './common.js';

/** Adds `--profile FILE|FOLDER`. */
export function addProfileOption(command: Command): Command {
  return command.option(
    '--profile <file|folder>',
    'time kernels, layers and the host: table, JSON report, and a trace for Perfetto',
  );
}

/** Where a profile goes: `report.json` beside `report.trace.json`, or two files in a folder. */
export function profileFiles(target: string): { report: string; trace: string } {
  if (path.extname(target).toLowerCase() === '.json') {
    return { report: target, trace: `${target.slice(0, -'.json'.length)}.trace.json` };
  }
  return { report: path.join(target, 'profile.json'), trace: path.join(target, 'trace.json') };
}

/**
 * Runs `work` while a profiler watches the device, then prints the table and writes the files, also
 * when `work` fails after a part of its way. Without a target it only runs `work`.
 */
export async function withProfileAsync<T>(
  device: Device,
  target: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (target === undefined) return work();
  const { report, trace } = profileFiles(target);
  fs.mkdirSync(path.dirname(report), { recursive: true });
  const { Profiler } = await import('../../nn/index.js');
  const profiler = await Profiler.startAsync(device);
  try {
    return await work();
  } finally {
    // A lost device has no more times to tell; its own error is the one to report.
    if (!device.context.faults.lost) await writeAsync(await profiler.stopAsync(), report, trace);
  }
}

async function writeAsync(profile: Profile, report: string, trace: string): Promise<void> {
  const { formatProfile, traceOf } = await import('../../nn/index.js');
  printNotice(formatProfile(profile));
  const { events: _events, spans: _spans, counters: _counters, ...sums } = profile;
  atomicWriteFile(report, `${JSON.stringify(sums, null, 2)}\n`);
  atomicWriteFile(trace, JSON.stringify(traceOf(profile)));
  printNotice(`wrote ${report} and ${trace} (open the trace in https://ui.perfetto.dev)`);
}
