export * from './statistics/ap.js';
export * from './mafa/match.js';
export * from './occlusion/match.js';
