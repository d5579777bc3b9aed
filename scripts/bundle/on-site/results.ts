/** What the programs of this folder write for the summary. */

export interface KernelResults {
  adapter: string;
  /** Checks of the whole table. */
  planned: number;
  passed: number;
  /** Not for this adapter. */
  skipped: number;
  failures: { name: string; message: string }[];
}

export interface TrainingRate {
  preset: string;
  /** Pictures of a step, and their size. */
  images: number;
  width: number;
  height: number;
  /** The first step, compilation included; null until it is done. */
  coldMs: number | null;
  /** Whole updates after it. */
  stepMs: number[];
  /** Most memory of the device's pools. */
  peakMegabytes: number;
}
