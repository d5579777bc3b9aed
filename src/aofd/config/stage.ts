/** What a stage makes of the configuration: its own values in place of the run's, its learning rates. */
import type { Config, StageConfig } from './schema.js';

/**
 * The configuration as one stage sees it: its own learning rate, batch, mining and masking stand in
 * place of the run's. A stage that is not joint masks nothing (docs/spec.md 3.7).
 */
export function configOfStage(config: Config, stage: StageConfig): Config {
  const { optim, train, ohem, masking } = config;
  const jointMode = stage.kind === 'joint' ? (stage.jointMode ?? masking.jointMode) : 'none';
  return {
    ...config,
    optim: { ...optim, lr: stage.lr ?? optim.lr },
    train: { ...train, batch: stage.batch ?? train.batch },
    ohem: { ...ohem, enabled: stage.ohem ?? ohem.enabled },
    masking: { ...masking, jointMode },
  };
}

/**
 * Learning rate of update `step` (0-based) of a stage: linear warm-up, then constant, steps, a
 * cosine or a line down to finalLrFactor (docs/spec.md 1.13, 5).
 */
export function learningRate(config: Config, stage: StageConfig, step: number): number {
  const base = stage.lr ?? config.optim.lr;
  const warm = stage.warmupSteps > 0 ? Math.min(1, (step + 1) / stage.warmupSteps) : 1;
  const span = Math.max(1, stage.steps - stage.warmupSteps);
  const done = Math.min(1, Math.max(0, (step - stage.warmupSteps) / span));
  switch (stage.schedule) {
    case 'constant':
      return base * warm;
    case 'step':
      return base * warm * stage.decayFactor ** stage.decayAt.filter((at) => step >= at).length;
    case 'cosine': {
      const wave = (1 + Math.cos(Math.PI * done)) / 2;
      return base * warm * (stage.finalLrFactor + (1 - stage.finalLrFactor) * wave);
    }
    case 'linear':
      return base * warm * (1 - (1 - stage.finalLrFactor) * done);
  }
}

/** Total updates of all stages. */
export function totalSteps(config: Config): number {
  return config.stages.reduce((sum, stage) => sum + stage.steps, 0);
}
