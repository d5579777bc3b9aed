/** Wall and processor time of a piece of work, and what other programs took meanwhile. */
import * as os from 'node:os';
import process from 'node:process';

export interface Clocked {
  wallMs: number;
  /** Processor time of this process over its cores. */
  cpuMs: number;
  /** Processor time of all other programs over the cores; absent where it cannot be known. */
  othersMs?: number;
}

/**
 * Processor time that all programs together have used, milliseconds; null where the system shows cores
 * that this process may not use. Systems count in steps of about 10 ms.
 */
export function busyMs(): number | null {
  const cpus = os.cpus();
  if (cpus.length === 0 || cpus.length !== os.availableParallelism()) return null;
  return cpus.reduce((sum, { times: t }) => sum + t.user + t.nice + t.sys + t.irq, 0);
}

/** Times `work` on both clocks. */
export async function clockAsync(work: () => Promise<void>, cores: number): Promise<Clocked> {
  const busy = busyMs();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const busyThen = busyMs();
  const ownMs = (user + system) / 1000;
  return {
    wallMs,
    cpuMs: ownMs / cores,
    ...(busy !== null &&
      busyThen !== null && { othersMs: Math.max(0, busyThen - busy - ownMs) / cores }),
  };
}

/** Share of all cores that other programs had; 0 where it is unknown or too short a time to tell. */
export function othersShare({ wallMs, othersMs }: Clocked): number {
  return othersMs === undefined || wallMs < LEAST_MS ? 0 : othersMs / wallMs;
}

/** Below this the system's steps of 10 ms say nothing. */
const LEAST_MS = 100;

/** A window of `restAsync`, and how much of one core this process may use in it. */
const WINDOW_MS = 10;
const RESTING = 0.3;

/**
 * Waits until this process has come to rest: threads of the contestant before (spinning pools, drivers)
 * must not take a core from the next.
 * @returns whether it did within a second
 */
export async function restAsync(): Promise<boolean> {
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(15);
  for (let i = 0; i < 100; i++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await wait(WINDOW_MS);
    const { user, system } = process.cpuUsage(cpu);
    if ((user + system) / 1000 < RESTING * (performance.now() - start)) return true;
  }
  return false;
}
