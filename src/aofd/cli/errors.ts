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
  /** The place alone, and the text without it; for errors that have one. */
  where?: string;
  reason?: string;
  fix: string | undefined;
  /** False for errors that were not foreseen: their text alone does not tell the user what to do. */
  isForPeople: boolean;
}

/** What to tell a person about an error. */
export function explainError(error: unknown): Explanation {
  if (!(error instanceof Error)) return { text: String(error), fix: undefined, isForPeople: true };
  if (error instanceof NnError) {
    const { where, fix } = error;
    const more = error.detail ? `\n${error.detail}` : '';
    const reason = error.reason + (fix ? '' : more);
    return {
      text: where ? `${where}: ${reason}` : reason,
      ...(where ? { where, reason } : {}),
      fix: fix ? fix + more : undefined,
      isForPeople: true,
    };
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
 * An error as one text, for people.
 * @param knownPlace left out where the error names it: the reader knows it already
 */
export function errorText(error: unknown, knownPlace?: string): string {
  const { text, where, reason = text, fix, isForPeople } = explainError(error);
  const what = where !== undefined && where === knownPlace ? reason : text;
  const line = `${what}${fix ? ` Fix: ${fix}` : ''}`;
  if (isForPeople) return line;
  return `${line} (${(error as Error).name}; DEBUG=1 prints the stack)`;
}

/**
 * The text for standard error, without a line break at the end.
 * @param isDebug adds stack and causes; otherwise only errors that are meant for people are complete,
 *   and others say how to get the stack
 */
export function formatError(error: unknown, isDebug = isDebugOn()): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (error instanceof InterruptedError) return error.message;
  if (!isDebug) return `error: ${errorText(error)}`;
  const { text, fix } = explainError(error);
  const cause = error.cause === undefined ? '' : `\ncause: ${describeCause(error.cause)}`;
  return `error: ${text}${fix ? ` Fix: ${fix}` : ''}\n${error.stack ?? ''}${cause}`;
}

/** True when `DEBUG` asks for stacks. */
export function isDebugOn(): boolean {
  const value = process.env.DEBUG ?? '';
  return value !== '' && value !== '0';
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
