/** The summary as it stands after each part: for programs, and for people. */
import type { PartResult } from './part.js';

export interface Summary {
  format: 'aofd-bundle/1';
  version: string;
  started: string;
  minutes: number;
  /** Seconds since the start. */
  seconds: number;
  isFinished: boolean;
  /** What the machine has of GPUs and Vulkan, in sentences. */
  machine: readonly string[];
  parts: readonly PartResult[];
}

const WORDS = {
  done: 'done',
  stopped: 'stopped at its limit',
  failed: 'FAILED',
  skipped: 'skipped',
};

export function summaryText(summary: Summary): string {
  const { version, started, minutes, seconds, isFinished, machine, parts } = summary;
  const state = isFinished ? 'finished' : 'still running';
  const lines = [
    `aofd ${version}, begun ${started}, ${Math.round(seconds)} s of ${Math.round(60 * minutes)}, ${state}`,
    ...machine.map((line) => `  ${line}`),
  ];
  for (const { name, what, status, seconds: took, limitSeconds, said } of parts) {
    lines.push(
      '',
      `${name}: ${WORDS[status]} (${took.toFixed(1)} s of at most ${limitSeconds}). ${what}`,
      ...said.map((line) => `  ${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}
