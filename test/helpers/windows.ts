import type { Window } from '../../src/nn/kernel/windows.js';

/** Whether windows follow each other from 0 to `count` without a gap. */
export function covers(windows: readonly Window[], count: number): boolean {
  let at = 0;
  for (const w of windows) {
    if (w.start !== at || w.count < 1) return false;
    at += w.count;
  }
  return at === count;
}
