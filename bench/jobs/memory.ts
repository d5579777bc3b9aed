/** The most memory that a job holds. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { figuresOf, type Figure } from '../measure/figure.js';
import { spawnChildAsync } from './child-task.js';
import type { JobOptions } from './options.js';

/** Most memory of a detection or a training step, in a process that does nothing else. */
export async function memoryFiguresAsync(
  options: JobOptions,
  task: { kind: 'memory-detect' | 'memory-train'; preset: 'lite' | 'paper'; size?: number },
  about: { group: string; label: string; picture?: string },
): Promise<Figure[]> {
  const { group, label, picture = '' } = about;
  options.progress(`memory: ${label}`);
  const { deviceMb = Number.NaN, processMb = Number.NaN } = await spawnChildAsync({
    ...task,
    picture,
    device: options.deviceName,
  });
  const figure = figuresOf(group);
  const note = 'a process of its own';
  return [
    figure(`${label}: most memory on the device`, deviceMb, 'MB', note),
    figure(`${label}: most memory of the process`, processMb, 'MB', note),
  ];
}

/** Most memory that this process ever held, a software adapter's included; megabytes. */
export function peakRssMb(): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (match) return Number(match[1]) / 1e3;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage().rss / 1e6;
}
