/** Tensor files on disk (Node only). */
export * from './atomic.js';
export * from './disk-errors.js';
export * from './same-file.js';
export * from './lock.js';
export * from './sha256.js';
export * from './safetensors-file.js';
export * from './checkpoint.js';
export * from './h5.js';
export * from './regular-file.js';
