/** Training (Node only). */
export * from './trainer.node.js';
export * from './writers.node.js';
export * from './events.js';
export * from './errors.js';
export { loadSource, stageSources, canvasBatchOptions } from './sources.node.js';
export { ImageLoader, type StepLoader } from './image-loader.node.js';
export { TrainStep } from './step.js';
export { stepSettings } from './settings.js';
export { imageTensor } from './input.js';
export type * from './step-types.js';
