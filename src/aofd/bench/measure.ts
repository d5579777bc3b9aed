/** Timing of contestants in turns, each checked before it is timed. */
import process from 'node:process';
import { timingOf } from './stats.js';
import type { CaseResult, EntryResult, Maker, Timing, Work } from './types.js';

/** A contestant with its data in place. */
export interface Prepared {
  /** The work, complete when the promise resolves. */
  runAsync(): Promise<void>;
  /** Untimed preparation of every run. */
  beforeAsync?(): Promise<void>;
  /** Deviation of the last run's result from the reference. Called once, before timing. */
  checkAsync?(): Promise<number>;
  /** Several runs with one wait at the end; for work so short that waiting would count. */
  runManyAsync?(count: number): Promise<void>;
  disposeAsync(): Promise<void>;
}

export interface Contestant {
  maker: Maker;
  variant: string;
  prepareAsync(): Promise<Prepared>;
  /** Left out in quick runs. */
  isSlow?: boolean;
}

export interface BenchCase {
  group: string;
  name: string;
  shape: string;
  work: Work;
  flops: number;
  bytes: number;
  contestants: Contestant[];
}

export interface MeasureOptions {
  repeats: number;
  cores: number;
  errorBound: number;
  /** Contestants slower than this get fewer rounds; much slower ones are run once. */
  slowMs: number;
  /** Shortest sample: shorter work is run several times in one sample. */
  minSampleMs: number;
  /** A short run of the machine's peak in every round, which shares are paired with. */
  probe: Prepared | null;
}

/** Wall and processor time of a piece of work. */
export async function clockAsync(
  work: () => Promise<void>,
  cores: number,
): Promise<{ wallMs: number; cpuMs: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const wallMs = performance.now() - start;
  const used = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (used.user + used.system) / 1000 / cores };
}

/** A first run longer than this many times `slowMs` is the only one. */
const COLD_LIMIT = 4;
/** Rounds of a slow contestant take at most this many times `slowMs` together. */
const SLOW_BUDGET = 3;

interface Runner {
  entry: EntryResult;
  prepared: Prepared;
  /** Runs per sample. */
  inner: number;
  rounds: Timing['rounds'];
  coldMs: number | null;
  wanted: number;
}

/** Lets threads of the contestant before (spinning pools, drivers) come to rest. */
function restAsync(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 15));
}

/** One sample of a contestant. */
async function sampleAsync(runner: Runner, cores: number): Promise<Timing['rounds'][number]> {
  const { prepared, inner } = runner;
  await prepared.beforeAsync?.();
  await restAsync();
  const work =
    inner > 1 && prepared.runManyAsync
      ? () => (prepared.runManyAsync as (n: number) => Promise<void>)(inner)
      : () => prepared.runAsync();
  const { wallMs, cpuMs } = await clockAsync(work, cores);
  return { wallMs: wallMs / inner, cpuMs: cpuMs / inner };
}

/** Sets a contestant up, runs it cold, checks it, warms it up. */
async function startAsync(contestant: Contestant, options: MeasureOptions): Promise<Runner> {
  const { maker, variant } = contestant;
  const entry: EntryResult = { maker, variant, timing: null, error: null };
  const prepared = await contestant.prepareAsync();
  try {
    await prepared.beforeAsync?.();
    const cold = await clockAsync(() => prepared.runAsync(), options.cores);
    if (prepared.checkAsync) {
      entry.error = await prepared.checkAsync();
      // What computes something else is not timed. (A NaN is no agreement either.)
      if (!(entry.error <= options.errorBound)) throw new Error(`deviates by ${entry.error}`);
    }
    const runner: Runner = {
      ...{ entry, prepared, inner: 1, rounds: [], coldMs: cold.wallMs },
      wanted: options.repeats,
    };
    if (maker !== 'aofd' && cold.wallMs > COLD_LIMIT * options.slowMs) {
      runner.rounds.push(cold); // compilation is a small part of it
      runner.wanted = 1;
      entry.note ??= 'one run, cold';
      return runner;
    }
    const once = (await sampleAsync(runner, options.cores)).wallMs;
    if (once > options.slowMs)
      runner.wanted = Math.min(
        options.repeats,
        Math.max(maker === 'aofd' ? 3 : 1, Math.floor((SLOW_BUDGET * options.slowMs) / once)),
      );
    else if (prepared.runManyAsync && once < options.minSampleMs)
      runner.inner = Math.min(256, Math.ceil(options.minSampleMs / Math.max(once, 0.02)));
    return runner;
  } catch (error) {
    await prepared.disposeAsync();
    throw error;
  }
}

/** Measures a case: everybody is checked and warmed up, then all take turns. */
export async function measureCaseAsync(
  bench: BenchCase,
  options: MeasureOptions,
): Promise<CaseResult> {
  const { contestants: _, ...about } = bench;
  const result: CaseResult = { ...about, entries: [] };
  const runners: Runner[] = [];
  try {
    for (const contestant of bench.contestants) {
      const { maker, variant } = contestant;
      try {
        const runner = await startAsync(contestant, options);
        runners.push(runner);
        result.entries.push(runner.entry);
      } catch (error) {
        const note = `failed: ${(error as Error).message.split('\n')[0]}`;
        result.entries.push({ maker, variant, timing: null, error: null, note });
      }
    }
    if (options.probe) runners.push(probeRunner(options.probe, options.repeats, result));
    for (let round = 0; round < options.repeats; round++) {
      for (const runner of runners) {
        if (runner.rounds.length >= runner.wanted) continue;
        runner.rounds.push(await sampleAsync(runner, options.cores));
      }
    }
    for (const { entry, rounds, coldMs } of runners) entry.timing = timingOf(rounds, coldMs);
  } finally {
    for (const { prepared } of runners) await prepared.disposeAsync();
  }
  return result;
}

function probeRunner(probe: Prepared, repeats: number, result: CaseResult): Runner {
  const entry: EntryResult = { maker: 'ceiling', variant: 'fma', timing: null, error: null };
  result.entries.push(entry);
  return {
    ...{ entry, inner: 1, rounds: [], coldMs: null, wanted: repeats },
    prepared: { ...probe, disposeAsync: () => Promise.resolve() },
  };
}
