import type { JobOptions } from '../jobs/options.js';
import type { Contestant, Work } from '../measure/case.js';
import type { Figure } from '../measure/figure.js';

/** Other libraries, measured in the same rounds. */
export interface Peers {
  /** Of their packages, by name. */
  versions: Record<string, string>;
  /** Their ways of doing a case's work; none where they cannot. */
  contestants(work: Work, isQuick: boolean): Contestant[];
  /** Whole jobs, such as detection by other detectors. */
  figuresAsync(options: JobOptions): Promise<Figure[]>;
  closeAsync(): Promise<void>;
}
