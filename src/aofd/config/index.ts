export * from './schema.js';
export * from './presets.js';
export * from './augment.js';
export * from './painter.js';
export * from './occluder-kinds.js';
export * from './load.js';
export * from './stage.js';
export * from './judgements.js';
export { differences, isPlainObject, mergeConfig } from './merge.js';
