import { lanesConv } from './lanes.js';
import { naiveConv } from './naive.js';
import type { ConvKernels } from './passes.js';
import type { ConvAlgorithm } from './plan.js';
import { tileConv } from './tile.js';
import { winogradConv } from './winograd.js';

/** Every algorithm that `planConv` may choose for a pass. */
export const convKernels: Readonly<Record<ConvAlgorithm, ConvKernels>> = {
  naive: naiveConv,
  tile: tileConv,
  lanes: lanesConv,
  winograd2: winogradConv(2),
  winograd4: winogradConv(4),
};
