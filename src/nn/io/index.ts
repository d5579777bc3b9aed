/** Tensor files that work everywhere: no file system, no device. Files on disk: `files/`. */
export * from './errors.js';
export * from './stored-tensor.js';
export * from './safetensors.js';
export * from './npy.js';
export * from './state.js';
