/** Training (Node only). */
export * from './trainer.js';
export * from './writers.js';
export * from './events.js';
export * from '../errors.js';
export { loadSource, stageSources, canvasBatchOptions } from './sources.js';
export { ImageLoader, type StepLoader } from './image-loader.js';
export { TrainStep } from '../step/step.js';
export { stepSettings } from '../step/settings.js';
export { imageTensor } from '../step/input.js';
export type * from '../step/types.js';
