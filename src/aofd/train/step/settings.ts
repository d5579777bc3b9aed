import {
  anchorTargetsOf,
  maskingOf,
  proposalsOf,
  roiSamplingOf,
  type Config,
  type StageConfig,
} from '../../config/index.js';
import type { ParamGroup } from '../../model/index.js';
import type { StepSettings } from './types.js';

/** What the steps of a stage depend on, out of the configuration. */
export function stepSettings(config: Config, stage: StageConfig): StepSettings {
  const { loss } = config;
  return {
    kind: stage.kind,
    mu: stage.mu,
    seed: config.train.seed,
    input: config.input,
    anchors: anchorTargetsOf(config),
    proposals: proposalsOf(config, 'train'),
    rois: roiSamplingOf(config),
    ohem: {
      ...config.ohem,
      enabled: stage.ohem ?? config.ohem.enabled,
      convention: config.boxes.convention,
    },
    masking: maskingOf(config, stage),
    generator: {
      cells: config.masking.generatorCells,
      dropout: config.model.generator.dropout,
      positivesOnly: config.model.generator.positivesOnly,
      gradient: config.model.generator.gradient,
    },
    loss: {
      alpha: loss.alpha,
      beta: loss.beta,
      rpnClass: loss.rpnClass,
      rpnBox: loss.rpnBox,
      gamma: loss.gamma,
      eta: loss.eta,
      compact: loss.compact,
      segmentation: loss.segReduction,
      segmentationBoxScale: loss.segBoxScale,
      rpnSigma: loss.smoothL1SigmaRpn,
      headSigma: loss.smoothL1SigmaHead,
      box: loss.box,
      maxLogRatio: config.boxes.maxLogRatio,
    },
    convention: config.boxes.convention,
  };
}

/** Parameter groups that a stage trains (docs/spec.md 3.7). */
export function trainedGroups(stage: StageConfig): ParamGroup[] {
  if (stage.kind === 'generator') return ['generator'];
  return stage.mu > 0 ? ['detector', 'segmentation'] : ['detector'];
}
