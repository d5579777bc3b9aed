/** Training (Node only). */
export * from './trainer.js';
export type { HookContext, TrainHooks } from './run.js';
export type { StepLoader } from './loaders.js';
export * from './writers.js';
export * from './events.js';
export * from '../errors.js';
export { loadSource, stageSources, canvasBatchOptions } from './sources.js';
export { ImageLoader } from './image-loader.js';
export { TrainStep } from '../step/train-step.js';
export { imageTensor } from '../step/input.js';
export type * from '../step/types.js';
export type { NamedLosses } from '../losses/index.js';
