import type { NamedLosses } from '../losses/index.js';

/** What a training run reports while it goes. */
export type TrainEvent =
  | { kind: 'start'; stage: string; step: number; totalSteps: number; parameters: number }
  | {
      kind: 'progress';
      stage: string;
      /** Updates done, over all stages. */
      step: number;
      stageStep: number;
      totalSteps: number;
      /** Means since the last report. */
      losses: NamedLosses;
      lr: number;
      gradNorm: number;
      msPerStep: number;
      /** Share of the time spent waiting for data, 0..1. */
      dataShare: number;
      /** Means per step. */
      counts: Record<string, number>;
      liveMegabytes: number;
      peakMegabytes: number;
      rssMegabytes: number;
      etaSeconds: number;
    }
  | { kind: 'checkpoint'; stage: string; step: number; file: string }
  | { kind: 'validation'; stage: string; step: number; values: Record<string, number> }
  | { kind: 'notice'; step: number; text: string }
  | { kind: 'end'; step: number; reason: 'finished' | 'interrupted' };

/** Receives events: a file, a terminal. */
export interface EventWriter {
  write(event: TrainEvent): void;
  /**
   * The run goes on after this update: what was written of later ones is to be forgotten; -1 = everything,
   * for a new run.
   */
  rewind?(step: number): void;
  close?(): void;
}
