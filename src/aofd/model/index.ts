export * from './types.js';
export * from './params.js';
export * from './backbone.js';
export { AnchorCache } from './anchor-cache.js';
export { AofdModel, type ForwardCost } from './aofd.js';
export { anchorRow, rowsOfImage, type RpnOutput } from './rpn.js';
export { proposeRois, readRpnAsync, type ProposedImage, type RpnValues } from './proposals.js';
export { paddedRois, poolRois, type DropoutSeed, type HeadOutput } from './roi-head.js';
export { withoutGrad } from './no-grad.js';
