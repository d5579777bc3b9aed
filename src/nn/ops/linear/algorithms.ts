import { lanesLinear } from './lanes.js';
import { naiveLinear } from './naive.js';
import type { LinearKernels } from './passes.js';
import type { LinearAlgorithm } from './plan.js';
import { tileLinear } from './tile.js';

/** Every algorithm that `planLinear` may choose for a pass. */
export const linearKernels: Readonly<Record<LinearAlgorithm, LinearKernels>> = {
  naive: naiveLinear,
  tile: tileLinear,
  lanes: lanesLinear,
};
