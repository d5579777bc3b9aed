/** Timing of contestants in turns, each checked before it is timed. */
import { clockAsync, othersShare, restAsync, type Clocked } from './clock.js';
import { timingOf } from './stats.js';
import type { BenchCase, CaseResult, Contestant, EntryResult, Prepared } from './case.js';

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

/** A first run longer than this many times `slowMs` is the only one. */
const COLD_LIMIT = 4;
/** Rounds of a slow contestant take at most this many times `slowMs` together. */
const SLOW_BUDGET = 3;

interface Runner {
  entry: EntryResult;
  prepared: Prepared;
  /** Runs per sample. */
  inner: number;
  rounds: Clocked[];
  coldMs: number | null;
  wanted: number;
  /** When its last run ended, and how long that took. */
  last: { endedAt: number; tookMs: number };
}

/** Runs once, untimed. */
async function warmAsync({ prepared }: Runner): Promise<void> {
  await prepared.beforeAsync?.();
  await prepared.runAsync();
}

/**
 * After a longer pause than this, memory is no longer where it was (caches, page tables, pages that the
 * system took back): a turn then begins with an untimed run, unless that takes longer than the pause.
 */
const LONG_PAUSE_MS = 1000;

/** A sample in which other programs had more of the cores than this is taken again, so many times. */
const DISTURBED = 0.1;
const RETRIES = 2;

/** One sample of a contestant; of several disturbed ones the least disturbed. */
async function sampleAsync(runner: Runner, cores: number): Promise<Clocked> {
  let best: Clocked | null = null;
  for (let i = 0; i <= RETRIES; i++) {
    const sample = await sampleOnceAsync(runner, cores);
    if (!best || othersShare(sample) < othersShare(best)) best = sample;
    if (othersShare(best) <= DISTURBED) break;
  }
  return best as Clocked;
}

async function sampleOnceAsync(runner: Runner, cores: number): Promise<Clocked> {
  const { prepared, inner, entry, last } = runner;
  const pauseMs = performance.now() - last.endedAt;
  if (pauseMs > LONG_PAUSE_MS && last.tookMs < pauseMs) await warmAsync(runner);
  await prepared.beforeAsync?.();
  if (!(await restAsync())) entry.note ??= 'threads of another contestant did not come to rest';
  const { runManyAsync } = prepared;
  const work = inner > 1 && runManyAsync ? () => runManyAsync(inner) : () => prepared.runAsync();
  const { wallMs, cpuMs, othersMs } = await clockAsync(work, cores);
  runner.last = { endedAt: performance.now(), tookMs: wallMs };
  return {
    wallMs: wallMs / inner,
    cpuMs: cpuMs / inner,
    othersMs: othersMs === undefined ? undefined : othersMs / inner,
  };
}

/** Sets a contestant up, runs it cold, checks it, warms it up. */
async function startAsync(contestant: Contestant, options: MeasureOptions): Promise<Runner> {
  const { maker, variant, note, flops } = contestant;
  const entry: EntryResult = { maker, variant, timing: null, error: null, note, flops };
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
      entry,
      prepared,
      inner: 1,
      rounds: [],
      coldMs: cold.wallMs,
      wanted: options.repeats,
      last: { endedAt: performance.now(), tookMs: cold.wallMs },
    };
    if (maker !== 'aofd' && cold.wallMs > COLD_LIMIT * options.slowMs) {
      runner.rounds.push(cold); // compilation is a small part of it
      runner.wanted = 1;
      await prepared.disposeAsync(); // others shall not take their turns beside its memory
      entry.note = [entry.note, 'one run'].filter((text) => text !== undefined).join('; ');
      return { ...runner, prepared: { ...prepared, disposeAsync: () => Promise.resolve() } };
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
  const { contestants, errorBound = options.errorBound, ...about } = bench;
  const result: CaseResult = { ...about, entries: [] };
  const runners: Runner[] = [];
  try {
    for (const contestant of contestants) {
      const { maker, variant } = contestant;
      try {
        const runner = await startAsync(contestant, { ...options, errorBound });
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
    entry,
    prepared: { ...probe, disposeAsync: () => Promise.resolve() },
    inner: 1,
    rounds: [],
    coldMs: null,
    wanted: repeats,
    last: { endedAt: performance.now(), tookMs: 0 },
  };
}
