/** What a result depends on, as a hash: two results with the same key are the same result. */
import { sha256Hex } from '../../nn/io/files/index.js';
import { configOfStage, type Config, type StageConfig } from '../config/index.js';

/** Characters of a key: 96 bits, enough that no two results of a lifetime share one. */
const KEY_LENGTH = 24;

/** A key of plain values; the order of object keys does not matter. */
export function keyOf(value: unknown): string {
  return sha256Hex(JSON.stringify(sorted(value))).slice(0, KEY_LENGTH);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/**
 * The part of a configuration that one stage of training depends on. Everything is part of it unless it
 * is left out here, each for a reason, so that a new setting makes new keys rather than wrong results:
 * other stages and the data enter by keys of their own; `test` and `eval` act after training; logging,
 * checkpoints and threads change no number; and what only another kind of stage reads.
 */
export function stageDependencies(config: Config, stage: StageConfig): unknown {
  const own = configOfStage(config, stage);
  const { preset: _p, stages: _s, test: _t, eval: _e, train, data, masking, loss, ...rest } = own;
  const { sources: _o, root: _r, cacheMegabytes: _c, painter, ...dataRules } = data;
  const { testShortSide: _i, ...input } = own.input;
  const { generator, segmentation, ...model } = own.model;
  const { gamma, eta, compact, ...detectorLoss } = loss;
  const isGenerator = stage.kind === 'generator';
  const isMasked = own.masking.jointMode !== 'none';
  const { generatorCells, ...jointMasking } = masking;
  const { channels, convs, ...generatorTraining } = generator;
  return {
    ...rest,
    input,
    model: {
      ...model,
      segmentation,
      generator: isGenerator ? { channels, convs, ...generatorTraining } : { channels, convs },
    },
    proposals: own.proposals.train,
    ohem: own.ohem.enabled ? own.ohem : null,
    masking: isGenerator ? { generatorCells } : isMasked ? jointMasking : null,
    loss: isGenerator ? { gamma, eta, compact } : detectorLoss,
    train: { seed: train.seed, batch: train.batch },
    data: { ...dataRules, painter: stage.paintProbability > 0 ? painter : null },
    // `data` are names and weights of sources; what is in them has a hash of its own.
    stage,
  };
}

/** The part of a configuration that detection with trained weights depends on. */
export function detectionDependencies(config: Config): unknown {
  const { boxes, input, model, proposals, rois, loss, test } = config;
  const { testShortSide, maxSize, channelOrder, mean, std, padMultiple } = input;
  return {
    boxes,
    input: { testShortSide, maxSize, channelOrder, mean, std, padMultiple },
    model,
    proposals: proposals.test,
    stds: rois.stds,
    score: loss.score,
    segBoxScale: loss.segBoxScale,
    test,
  };
}
