/** Runs the parts one after the other within the time that there is. */
import {
  NothingToRun,
  type Ended,
  type Findings,
  type Part,
  type PartResult,
  type Status,
} from './part.js';

export interface Runner {
  /** Milliseconds from the start of everything. */
  now(): number;
  /** Runs a command, and stops it after `limitMs`. */
  runAsync(part: Part, args: readonly string[], limitMs: number): Promise<Ended>;
  /** Called before the first part and after every one. */
  report(results: readonly PartResult[]): void;
  /** Whether the user wants everything to end. */
  isInterrupted(): boolean;
}

/** Kept for the last summary and for processes that end slowly. */
const RESERVE = 0.02;

/**
 * A part gets its share of the whole time at most, and what is left at most; what it does not use goes to the
 * later ones. Whatever happens in a part, the next one begins.
 *
 * @param budgetMs for all parts together, from the clock's zero
 */
export async function runPartsAsync(
  parts: readonly Part[],
  budgetMs: number,
  runner: Runner,
): Promise<PartResult[]> {
  const results: PartResult[] = [];
  runner.report(results);
  for (const part of parts) {
    const left = budgetMs * (1 - RESERVE) - runner.now();
    const limitMs = Math.min(part.share * budgetMs, left);
    results.push(await onePartAsync(part, limitMs, runner));
    runner.report(results);
  }
  return results;
}

async function onePartAsync(part: Part, limitMs: number, runner: Runner): Promise<PartResult> {
  const { name, what } = part;
  const begun = runner.now();
  const result = (
    status: Status,
    said: string[],
    values: PartResult['values'] = {},
  ): PartResult => ({
    name,
    what,
    status,
    seconds: Math.round(runner.now() - begun) / 1000,
    limitSeconds: Math.max(0, Math.round(limitMs / 1000)),
    said,
    values,
  });
  if (runner.isInterrupted()) return result('skipped', ['interrupted']);
  if (limitMs <= 0) return result('skipped', ['no time was left']);
  let status: Status = 'done';
  const said: string[] = [];
  try {
    for (const args of part.commands()) {
      const left = limitMs - (runner.now() - begun);
      if (left <= 0) {
        status = 'stopped';
        break;
      }
      const ended = await runner.runAsync(part, args, left);
      if (ended.isStopped) status = 'stopped';
      else if (ended.code !== 0) {
        status = 'failed';
        said.push(`ended with code ${ended.code ?? 'none (killed)'}`, ...lastLines(ended.tail));
      }
    }
  } catch (error) {
    const isSkipped = error instanceof NothingToRun;
    return result(isSkipped ? 'skipped' : 'failed', [(error as Error).message]);
  }
  const findings = read(part);
  if (findings.isBad || (findings.isEmpty && status === 'done')) status = 'failed';
  return result(status, [...findings.said, ...said], findings.values);
}

/** What the part wrote; a file that cannot be read does not end the run. */
function read(part: Part): Findings {
  try {
    return part.findings();
  } catch (error) {
    return { said: [`its results cannot be read: ${(error as Error).message}`], isBad: true };
  }
}

function lastLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-6).map((line) => `| ${line.slice(0, 300)}`);
}
