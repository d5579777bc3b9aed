/** Errors as the commands print them, and the exit codes that go with them. */
import process from 'node:process';
import { NnError, type NnErrorOptions } from '../../nn/errors.js';
import { diskProblem } from '../../nn/io/files/disk-errors.js';

/** Exit codes of all commands. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The user called a command wrongly: printed without a stack, exit code 2. */
export class UsageError extends NnError {
  constructor(code: 'usage', message: string, options: NnErrorOptions = {}) {
    super(code, message, options);
    this.name = 'UsageError';
  }
}

/** The user pressed Ctrl-C and everything was put away cleanly: exit code 130. */
export class InterruptedError extends NnError {
  constructor(code: 'interrupted', message: string, options: NnErrorOptions = {}) {
    super(code, message, options);
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

/** An error as a command reports it: what is wrong (and where), and what to do about it. */
export interface Explanation {
  text: string;
  fix: string | undefined;
  /** False for errors that were not foreseen: their text alone helps nobody. */
  isForPeople: boolean;
}

/** What to tell a person about an error. */
export function explainError(error: unknown): Explanation {
  if (!(error instanceof Error)) return { text: String(error), fix: undefined, isForPeople: true };
  if (error instanceof NnError) {
    const text = (error.where ? `${error.where}: ` : '') + error.reason;
    const more = error.detail ? `\n${error.detail}` : '';
    return error.fix
      ? { text, fix: error.fix + more, isForPeople: true }
      : { text: text + more, fix: undefined, isForPeople: true };
  }
  const { code, fix, path } = error as ErrorFields;
  const problem = diskProblem(code);
  if (problem && typeof path === 'string') {
    return { text: `${path}: ${problem.reason}.`, fix: `${problem.fix}.`, isForPeople: true };
  }
  const given = typeof fix === 'string' ? fix : undefined;
  return { text: error.message, fix: given, isForPeople: given !== undefined };
}

/**
 * The text for standard error, without a line break at the end.
 * @param isDebug adds stack and causes; otherwise only errors that are meant for people are complete,
 *   and others say how to get the stack
 */
export function formatError(error: unknown, isDebug = isDebugOn()): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (error instanceof InterruptedError) return error.message;
  const { text, fix, isForPeople } = explainError(error);
  const line = `error: ${text}${fix ? ` Fix: ${fix}` : ''}`;
  if (isDebug) {
    const cause = error.cause === undefined ? '' : `\ncause: ${describeCause(error.cause)}`;
    return `${line}\n${error.stack ?? ''}${cause}`;
  }
  return isForPeople ? line : `${line} (${error.name}; DEBUG=1 prints the stack)`;
}

/** True when `DEBUG` asks for stacks. */
export function isDebugOn(): boolean {
  const value = process.env.DEBUG ?? '';
  return value !== '' && value !== '0';
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
