export { relu, reluBackward, sigmoid, add, scale, mulElement, oneMinus } from './elementwise.js';
export {
  toRow,
  toC4,
  reshape,
  toAnchorRows,
  concatRows,
  sliceRows,
  gatherRows,
  type AnchorRowsOptions,
} from './layout.js';
export { concatChannels } from './concat-channels.js';
export { sum, mean, sumRows, sumMap, sumAll, columnSums, channelSums } from './reduce.js';
export { softmax } from './softmax.js';
export {
  softmaxCrossEntropy,
  smoothL1,
  sigmoidBce,
  type CrossEntropyOptions,
  type LossReduction,
  type SigmoidBceOptions,
  type SmoothL1Options,
} from './loss.js';
export {
  softmaxCrossEntropyMap,
  sigmoidBceMap,
  type CrossEntropyMapOptions,
  type SigmoidBceMapOptions,
} from './map-loss.js';
export { coverDice } from './cover-dice.js';
export {
  giouLoss,
  codedIou,
  qualityFocalLoss,
  type BoxCodeOptions,
  type QualityFocalOptions,
} from './box-loss.js';
export { dropout, type DropoutOptions } from './dropout.js';
export { weightStandardize } from './weight.js';
