export * from './types.js';
export * from './boxes.js';
export * from './iou.js';
export * from './coder.js';
export * from './face-probabilities.js';
export * from './sort.js';
export * from './nms.js';
