/** `aofd/nn` in Node. */
import './platform/node/use.js';

export * from './index.js';
