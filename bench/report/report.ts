import type { CaseResult } from '../measure/case.js';
import type { Ceilings } from '../measure/ceilings.js';
import type { Environment } from '../measure/environment.js';
import type { Figure } from '../measure/figure.js';

/** Everything of one run, as it is written to `report.json`. Times are milliseconds. */
export interface Report {
  format: 'aofd-bench/1';
  environment: Environment;
  protocol: Protocol;
  ceilings: Ceilings;
  figures: Figure[];
  cases: CaseResult[];
  /** Device time of one warm detection by kernel, the most expensive first. */
  kernels?: { name: string; count: number; totalMs: number }[];
}

export interface Protocol {
  mode: 'quick' | 'full';
  repeats: number;
  /** The pattern of `--only`. */
  only: string | null;
  seed: number;
  peers: boolean;
  /** Largest accepted deviation from the reference. */
  errorBound: number;
  /** How it was measured, in sentences. */
  rules: string[];
  durationMs: number;
}
