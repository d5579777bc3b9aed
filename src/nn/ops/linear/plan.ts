import type { AdapterKind } from '../../platform/types.js';
import { everywhere, obeyMeasured, type PassPlan } from '../pass-plan.js';
import type { TunedLayer } from '../tuning/table.js';
import { longestSum, planTile, type TileLimits, type TilePlan } from '../tile-plan.js';

/** Sizes of a linear layer: x (R, I) * weight (O, I) -> y (R, O). */
export interface LinearShape {
  r: number;
  i: number;
  o: number;
}

/** `naive`: one result per invocation; `tile`: workgroup memory; `lanes`: subgroups. */
export const linearAlgorithms = ['naive', 'tile', 'lanes'] as const;

export type LinearAlgorithm = (typeof linearAlgorithms)[number];

/** What the planner may use. */
export interface LinearCapabilities {
  /** Lanes of subgroup kernels, 0 = none (or storage textures cannot be read). */
  lanes: number;
  maxTextureSide: number;
  /** Default 256, what every adapter has. */
  maxTextureLayers?: number;
  /** Kind of adapter; default: a software adapter. */
  kind?: AdapterKind;
  /** What the tile kernels may use; default: they cannot run. */
  tile?: TileLimits;
  /** What was measured for this layer; obeyed where it is possible. */
  tuned?: TunedLayer | undefined;
  force?: LinearAlgorithm | undefined;
}

export type LinearPlan = PassPlan<LinearAlgorithm>;

/** Texels of a strip of a matrix's texture: each is a layer of its own, see lane_gemm.wgsl. */
export const stripTexels = 64;

/** Smaller products (FLOPs) are not worth packing, resp. filling tiles. */
const smallFlops = 2e6;
const smallTileFlops = 2e5;

/**
 * Which kernels each product of a linear layer uses. Pure. Software adapters: lanes where sizes are
 * multiples of 4 and textures hold the matrices. GPUs, unknown adapters and those without lane kernels:
 * tiles. The naive kernels where neither can run, or where the work is too small. Measured choices go
 * before these rules.
 */
export function planLinear(s: LinearShape, caps: LinearCapabilities): LinearPlan {
  const plan = planByRules(s, caps);
  if (!caps.tuned || caps.force !== undefined) return plan;
  return obeyMeasured(plan, caps.tuned, {
    algorithms: linearAlgorithms,
    tile: caps.tile,
    force: (force, tile) => planByRules(s, { ...caps, ...(tile ? { tile } : {}), force }),
  });
}

function planByRules(s: LinearShape, caps: LinearCapabilities): LinearPlan {
  const { force } = caps;
  if (force === 'naive') return everywhere('naive', 'forced');
  const isHardware = caps.kind === 'gpu' || caps.kind === 'unknown';
  const flops = 2 * s.r * s.i * s.o;
  const hasLanes = caps.lanes > 0 && !isHardware;
  if (force === 'tile' || (force === undefined && !hasLanes)) {
    if (force === undefined && flops < smallTileFlops) {
      return everywhere('naive', `less than ${smallTileFlops} FLOPs`);
    }
    const why = force ? 'forced' : isHardware ? `adapter kind ${caps.kind ?? ''}` : 'no lanes';
    return planTiles(s, caps, why);
  }
  const obstacle = laneObstacle(s, caps);
  if (obstacle !== null) return everywhere('naive', obstacle);
  if (force) return everywhere(force, 'forced');
  return flops < smallFlops
    ? everywhere('naive', `less than ${smallFlops} FLOPs`)
    : everywhere('lanes', 'sizes are multiples of 4');
}

/** Why the lane kernels cannot run, or null. */
function laneObstacle(s: LinearShape, caps: LinearCapabilities): string | null {
  if (caps.lanes === 0) return 'no lane kernels';
  if (s.o % 4 !== 0 || s.i % 4 !== 0) return 'sizes are no multiples of 4';
  const rows4 = Math.ceil(s.r / 4) * 4 * caps.lanes;
  const longest = Math.max(s.o, s.r, Math.ceil(s.i / 4), rows4);
  const strips = Math.ceil(Math.max(s.o, s.i) / 4 / stripTexels);
  const fits = longest <= caps.maxTextureSide && strips <= (caps.maxTextureLayers ?? 256);
  return fits ? null : 'matrix exceeds textures';
}

function planTiles(s: LinearShape, caps: LinearCapabilities, why: string): LinearPlan {
  const cut = (v: number, rows: number, k: number): TilePlan | null =>
    caps.tile ? planTile({ v, s: rows, k, longestSum }, caps.tile) : null;
  const forward = cut(s.o, s.r, s.i);
  const inputGradient = cut(s.i, s.r, s.o);
  const weightGradient = cut(s.i, s.o, s.r);
  if (!forward || !inputGradient || !weightGradient) {
    return everywhere('naive', `${why}; no tile fits this adapter`);
  }
  return { ...everywhere('tile', why), tiles: { forward, inputGradient, weightGradient } };
}
