export * from './schema.js';
export * from './presets.js';
export * from './load.js';
export * from './derive.js';
export * from './judgements.js';
export { mergeConfig } from './merge.js';
