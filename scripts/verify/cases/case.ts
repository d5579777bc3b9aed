import type { Consumer, Finished } from '../consumer.js';

/** What a case has to work with. */
export interface CaseContext {
  /** A project with the packed package installed. */
  consumer: Consumer;
  /** A copy of the case's folder inside of that project, which may be written to. */
  folder: string;
}

/**
 * Tries one case. @returns what was wrong, one line each; nothing: all as it should be
 */
export type Case = (context: CaseContext) => string[];

/** A line for a program that ended by a signal or with another exit code than `expected`. */
export function endProblems(name: string, done: Finished, expected: number | null = 0): string[] {
  if (done.signal === null && (expected === null || done.status === expected)) return [];
  const tail = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-3).join(' | ');
  return [`${name}: ended with ${done.signal ?? `code ${done.status}`} (${tail})`];
}
