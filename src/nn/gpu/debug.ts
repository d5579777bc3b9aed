/**
 * What `DEBUG` prints. 0 or unset: nothing. 1: the name and defines of each kernel that is compiled,
 * how long kernels that are prepared ahead take, and readbacks by cause when a device is closed.
 * 2: its expanded WGSL too, with line numbers. 3: every dispatch too, with its grid and bindings.
 */
import type { Platform } from '../platform/types.js';

export type DebugLevel = 0 | 1 | 2 | 3;

let sink: (text: string) => void = (text) => {
  // The one place where this library prints, and only when asked to.
  // eslint-disable-next-line no-console
  console.error(text);
};

/** Sends the lines elsewhere; returns the sink that was there before. */
export function setDebugSink(next: (text: string) => void): (text: string) => void {
  const before = sink;
  sink = next;
  return before;
}

/** The level that the environment asks for; other programs' values count as 0. */
export function debugLevelOf(platform: Pick<Platform, 'env'>): DebugLevel {
  const text = platform.env('DEBUG');
  const value = Number(text ?? '');
  if (!Number.isFinite(value)) return 0;
  return Math.max(0, Math.min(3, Math.floor(value))) as DebugLevel;
}

/** Prints one message. */
export function debugPrint(text: string): void {
  sink(`[nn] ${text}`);
}

/** Source text with line numbers, as compilers count them. */
export function numbered(code: string): string {
  return code
    .split('\n')
    .map((line, i) => `${String(i + 1).padStart(5)}  ${line}`)
    .join('\n');
}

/** What is said of a newly compiled kernel at level 1 and up. */
export function debugKernel(level: DebugLevel, name: string, defines: object, code: string): void {
  if (level < 1) return;
  const list = Object.entries(defines).map(([key, value]) => `${key}=${String(value)}`);
  debugPrint(`kernel ${name}${list.length > 0 ? ` (${list.join(' ')})` : ''}`);
  if (level >= 2) debugPrint(`${name}:\n${numbered(code)}`);
}

/** What is said of readbacks when a device is closed, at level 1 and up. */
export function debugReadbacks(causes: ReadonlyMap<string, number>): void {
  const list = [...causes].map(([cause, count]) => `${cause} ${count}`);
  debugPrint(`readbacks: ${list.join(', ') || 'none'}`);
}

/** What is said of a dispatch at level 3. */
export function debugDispatch(
  label: string,
  grid: readonly number[],
  sizes: Readonly<Record<string, number>>,
): void {
  const bytes = Object.entries(sizes).map(([name, size]) => `${name} ${size} B`);
  debugPrint(`dispatch ${label} ${grid.join('x')}  ${bytes.join(', ')}`);
}
