/** Tensor files on disk (Node only). */
export * from './atomic.node.js';
export * from './disk-errors.js';
export * from './sha256.node.js';
export * from './safetensors.node.js';
export * from './checkpoint.node.js';
export * from './h5.node.js';
