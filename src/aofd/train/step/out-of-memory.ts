import type { NnError } from '../../../nn/index.js';
import type { Config, StageConfig } from '../../config/index.js';
import { TrainError } from '../../errors.js';

/** What is known when a step found no memory, twice. */
export interface OutOfMemoryFacts {
  /** The update that failed. */
  step: number;
  error: NnError;
  config: Config;
  stage: StageConfig;
  /** Resident memory of the process. */
  processMegabytes: number;
  /** The file that holds the last good state; null = there is none. */
  checkpoint: string | null;
  /** Why the state could not be saved. */
  unsaved?: string;
}

/** Says how much was in use, where the last good state is, and what to lower. */
export function trainingOutOfMemory(facts: OutOfMemoryFacts): TrainError {
  const { step, error, checkpoint, unsaved, processMegabytes } = facts;
  const lower = `lower what one update needs: ${settingsToLower(facts.config, facts.stage).join('; ')}`;
  return new TrainError(
    'out-of-memory',
    `update ${step}: ${error.reason} It was so again after everything kept for reuse was given back; ` +
      `the process takes ${Math.round(processMegabytes)} MB. Last checkpoint: ${checkpoint ?? 'none'}` +
      `${unsaved === undefined ? '' : ` (${unsaved})`}.`,
    {
      fix: `${lower}; or close other programs that use this device. ${checkpoint ? 'Go on with --resume.' : 'Start again.'}`,
    },
  );
}

/** The settings that decide the memory of an update, as arguments, with their present values. */
export function settingsToLower(config: Config, stage: StageConfig): string[] {
  const { input, train, optim } = config;
  const settings: string[] = [];
  const batch = stage.batch ?? train.batch;
  if (batch > 1) {
    const name = stage.batch === undefined ? 'train.batch' : `stages.${stage.name}.batch`;
    const half = Math.ceil(batch / 2);
    const accumulate = Math.round((batch / half) * optim.accumulate);
    settings.push(
      `--set ${name}=${half} --set optim.accumulate=${accumulate} ` +
        `(now ${batch} and ${optim.accumulate}: as many pictures per update)`,
    );
  }
  if (input.canvas) {
    const sides = input.canvas.map(smaller);
    settings.push(`--set 'input.canvas=[${sides.join(',')}]' (now ${input.canvas.join(', ')})`);
  } else {
    const sides = input.trainShortSides.map(smaller);
    settings.push(
      `--set input.maxSize=${smaller(input.maxSize)} --set 'input.trainShortSides=[${sides.join(',')}]' ` +
        `(now ${input.maxSize} and ${input.trainShortSides.join(', ')})`,
    );
  }
  return settings;
}

/** Three quarters, in whole steps of 32 pixels. */
function smaller(side: number): number {
  return Math.max(32, 32 * Math.floor((0.75 * side) / 32));
}
