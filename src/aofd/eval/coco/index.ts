export * from './match.js';
export * from './records.js';
export * from './types.js';
