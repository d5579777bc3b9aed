/** Imported for its effect: the platform of a browser, with the kernels that detection needs. */
import { createBrowserPlatform } from './platform/browser.js';
import { embeddedKernels } from './platform/embedded-kernels.js';
import { setPlatform } from './platform/index.js';
import { forwardKernels } from './platform/kernels-forward.js';

Object.assign(embeddedKernels, forwardKernels);
setPlatform(createBrowserPlatform(embeddedKernels));
