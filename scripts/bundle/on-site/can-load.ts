/** `can-load.js LIBRARY`: exit code 0 where the shared library can be loaded. */
import process from 'node:process';
import { loadLibrary } from '../../../src/nn/platform/node/vulkan-files.js';

process.exit(loadLibrary(process.argv[2] ?? '') ? 0 : 1);
