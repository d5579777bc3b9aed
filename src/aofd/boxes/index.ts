/**
 * All plain arithmetic on boxes, in the order in which a detector uses it. Typed arrays in, typed
 * arrays out; no tensor and no device. Settings are parts of the configuration under their own names.
 */
export * from './types.js';
export * from './boxes.js';
export * from './iou.js';
export * from './coder.js';
export * from './face-probabilities.js';
export * from './score-curve.js';
export * from './sort.js';
export * from './nms.js';
/** The RPN: anchors, what they are trained to be, what becomes of them. */
export * from './anchors.js';
export * from './matcher.js';
export * from './atss.js';
export * from './proposals.js';
/** The head: RoIs drawn or mined from the proposals, masks on their features. */
export * from './sampler.js';
export * from './ohem.js';
export * from './masking.js';
