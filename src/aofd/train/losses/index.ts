/**
 * The losses, one file per part of the network. Each gives its terms with their names and weights; the
 * steps add nothing to them. A new loss is a new file here, a weight in `config.loss`, and a call in
 * the step that trains it.
 */
export * from './weighted.js';
export * from './rpn.js';
export * from './head.js';
export * from './segmentation.js';
export * from './adversarial.js';
