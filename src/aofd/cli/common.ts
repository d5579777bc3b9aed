/** What several commands share: option parsers, interruption, output. */
import process from 'node:process';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Device } from '../../nn/index.js';
import { packageRoot, versionIn } from '../../nn/platform/node/packages.js';
import { InterruptedError } from './errors.js';

/** A file of this folder that adds one command. */
export interface CommandModule {
  /** Adds the command with its options and action. Heavy modules are imported in the action. */
  register(program: Command): void;
}

/** Adds `--device NAME`. */
export function addDeviceOption(command: Command): Command {
  return command.option(
    '--device <name>',
    'adapter: auto, gpu, lavapipe, swiftshader, or part of its name (default: $AOFD_ADAPTER or auto)',
  );
}

/** Option parser: a finite number within [min, max]. */
export function parseNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a number from ${min} to ${max}, got "${text}".`);
    }
    return value;
  };
}

/** Option parser: a whole number within [min, max]. */
export function parseInteger(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(
        `Expected a whole number from ${min} to ${max}, got "${text}".`,
      );
    }
    return value;
  };
}

/** Option collector for options that may be given several times. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** Prints one line to standard error; nothing for null. */
export function printNotice(line: string | null | undefined): void {
  if (line) process.stderr.write(`${line}\n`);
}

/** Prints what a person should know of the device that was opened: why this one, and broken tuning tables. */
export async function printDeviceNotices({ notice, context }: Device): Promise<void> {
  const { tuningWarnings } = await import('../../nn/ops/tuning/index.js');
  printNotice(notice);
  for (const warning of tuningWarnings(context)) printNotice(warning);
}

/** Prints one line to standard output. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** The version of this package. */
export function packageVersion(): string {
  return versionIn(packageRoot()) ?? 'unknown';
}

/**
 * A signal so many ms after another is the same one: npm and tsx pass it on to a process that has it already. Both
 * are handled together where the process was busy, and so are two presses that it could not see apart.
 */
const SAME_SIGNAL_MS = 300;

/**
 * Runs `work` with a signal that Ctrl-C (or SIGTERM) sets; a second Ctrl-C ends at once.
 * `work` decides when it stops; after it returns, `InterruptedError` is thrown (exit code 130).
 */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let askedAt = -Infinity;
  const onSignal = (): void => {
    if (performance.now() - askedAt < SAME_SIGNAL_MS) return;
    if (controller.signal.aborted) process.exit(130);
    askedAt = performance.now();
    process.stderr.write('stopping after the current step (Ctrl-C again to stop at once)\n');
    controller.abort(new InterruptedError('interrupted', 'interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const result = await work(controller.signal);
    if (controller.signal.aborted) throw new InterruptedError('interrupted', 'interrupted');
    return result;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
