/**
 * Arithmetic of evaluations for users of the package: plain arrays, no files. Sets, result files and
 * reports are what `aofd eval` is for.
 */
export * from './mafa/match.js';
export * from './occlusion/pixels.js';
export * from './statistics/ap.js';
