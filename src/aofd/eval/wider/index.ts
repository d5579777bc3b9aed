export * from './official.js';
export * from './groups.js';
