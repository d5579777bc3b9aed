export { Sgd, type SgdOptions } from './sgd.js';
export { AdamW, type AdamWOptions } from './adamw.js';
export { Ema, type EmaOptions } from './ema.js';
export { clipFactor, clipGradNorm, gradNormAsync, nonFiniteProbeAsync } from './clip.js';
export type { Optimizer, ParamList, ParamSpec, SavedValue } from './params.js';
