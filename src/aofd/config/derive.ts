import type { Config, StageConfig } from './schema.js';

/** The RPN target settings as the matcher wants them. */
export function anchorTargetsOf(
  config: Config,
): Config['rpn'] & { convention: Config['boxes']['convention'] } {
  return { ...config.rpn, convention: config.boxes.convention };
}

/** The RoI sampling settings as the sampler wants them. */
export function roiSamplingOf(
  config: Config,
): Config['rois'] & { convention: Config['boxes']['convention'] } {
  return { ...config.rois, convention: config.boxes.convention };
}

/** The proposal settings of one mode as the proposal layer wants them. */
export function proposalsOf(
  config: Config,
  mode: 'train' | 'test',
): Config['proposals']['train'] & Config['boxes'] {
  return { ...config.proposals[mode], ...config.boxes };
}

/** The box coder settings of the head. */
export function headCoderOf(config: Config): Config['boxes'] & { stds: number[] } {
  return { ...config.boxes, stds: config.rois.stds };
}

/** The masking settings of a stage: a plain detector stage masks nothing. */
export function maskingOf(config: Config, stage: StageConfig): Config['masking'] {
  const jointMode = stage.kind === 'joint' ? (stage.jointMode ?? config.masking.jointMode) : 'none';
  return { ...config.masking, jointMode };
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
