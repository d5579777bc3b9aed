export * from './rpn.js';
export * from './rcnn.js';
export * from './segmentation.js';
export * from './adversarial.js';
