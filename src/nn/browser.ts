/** `aofd/nn` in browsers: the engine with the platform of a browser, its kernels embedded. */
import { createBrowserPlatform } from './platform/browser.js';
import { setPlatform } from './platform/index.js';
import { kernelSources } from './platform/kernel-sources.js';

setPlatform(createBrowserPlatform(kernelSources));

export * from './index.js';
