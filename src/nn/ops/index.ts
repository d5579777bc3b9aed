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
  softmaxCrossEntropyMap,
  giouLoss,
  smoothL1,
  sigmoidBce,
  type CrossEntropyOptions,
  type CrossEntropyMapOptions,
  type GiouLossOptions,
  type LossReduction,
  type SigmoidBceOptions,
  type SmoothL1Options,
} from './loss.js';
export {
  codedIou,
  qualityFocalLoss,
  type CodedIouOptions,
  type QualityFocalOptions,
} from './quality-focal.js';
export { sigmoidBceMap, type SigmoidBceMapOptions } from './bce-map.js';
export { dropout, type DropoutOptions } from './dropout.js';
export { weightStandardize } from './weight.js';
