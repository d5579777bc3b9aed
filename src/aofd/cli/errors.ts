/** Errors as the commands print them, and the exit codes that go with them. */
import process from 'node:process';
import { diskProblem } from '../../nn/io/files/disk-errors.js';

/** Exit codes of all commands. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The user called a command wrongly: printed without a stack, exit code 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly fix?: string,
  ) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The user pressed Ctrl-C and everything was put away cleanly: exit code 130. */
export class InterruptedError extends Error {
  constructor(message = 'interrupted') {
    super(message);
    this.name = 'InterruptedError';
  }
}

interface ErrorFields {
  code?: unknown;
  fix?: unknown;
  path?: unknown;
  exitCode?: unknown;
}

/** The exit code for an error thrown by a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof Error && error.name === 'AbortError') return EXIT.interrupted;
  if (isCommanderError(error)) {
    return (error as ErrorFields).exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return EXIT.failure;
}

/** True for what commander throws; it has printed its message already. */
export function isCommanderError(error: unknown): boolean {
  const code = (error as ErrorFields | null)?.code;
  return error instanceof Error && typeof code === 'string' && code.startsWith('commander.');
}

/**
 * The text for standard error, without a line break at the end.
 * @param isDebug adds stack and causes; otherwise only errors that are meant for people are complete,
 *   and others say how to get the stack
 */
export function formatError(error: unknown, isDebug = isDebugOn()): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (error instanceof InterruptedError) return error.message;
  const { code, fix, path } = error as ErrorFields;
  let text = error.message;
  let isForPeople = error instanceof UsageError || typeof fix === 'string';
  const problem = diskProblem(code);
  if (problem && typeof path === 'string') {
    text = `${path}: ${problem.reason}. Fix: ${problem.fix}.`;
    isForPeople = true;
  }
  if (typeof fix === 'string' && !text.includes('Fix: ')) text = `${text} Fix: ${fix}`;
  if (isDebug) {
    const cause = error.cause === undefined ? '' : `\ncause: ${describeCause(error.cause)}`;
    return `error: ${text}\n${error.stack ?? ''}${cause}`;
  }
  return isForPeople || hasStableName(error)
    ? `error: ${text}`
    : `error: ${text} (${error.name}; DEBUG=1 prints the stack)`;
}

/** True when `DEBUG` asks for stacks. */
export function isDebugOn(): boolean {
  const value = process.env.DEBUG ?? '';
  return value !== '' && value !== '0';
}

/** The project's own error classes: named, with a code, and written for people. */
function hasStableName(error: Error): boolean {
  const { code } = error as ErrorFields;
  return typeof code === 'string' && error.name !== 'Error' && error.name.endsWith('Error');
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
