/** `aofd/nn` in browsers: the engine with the platform of a browser, all kernels embedded. */
import './browser-forward.js';
import { embeddedKernels } from './platform/embedded-kernels.js';
import { trainingKernels } from './platform/kernels-training.js';

Object.assign(embeddedKernels, trainingKernels);

export * from './index.js';
