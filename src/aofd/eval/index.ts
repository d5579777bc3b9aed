export * from './ap.js';
export * from './mafa.js';
export * from './occlusion.js';
