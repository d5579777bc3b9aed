import { internalError } from '../errors.js';

/**
 * How the tile kernels (kernels/gemm/tile_gemm, kernels/conv/tile_*) cut a matrix product into
 * workgroups. Pure.
 */

/** One way to cut: results per workgroup, terms per step, results per invocation. */
export interface TileShape {
  /** Results of a workgroup along `v`, the side that is contiguous in the result. */
  v: number;
  /** Results of a workgroup along `s`, the other side. */
  s: number;
  /** Terms of the sum that pass through workgroup memory at a time. */
  k: number;
  /** Results of an invocation along each side. */
  regV: number;
  regS: number;
}

/** The product: v x s results of k terms each, for every layer. */
export interface TileProblem {
  v: number;
  s: number;
  k: number;
  layers?: number;
  /** Bytes of one result (all layers), for the memory of split sums. Default 4·v·s·layers. */
  resultBytes?: number;
  /** Terms of one split at most, for accuracy. Default: no bound. */
  longestSum?: number;
  /** Whether the sum may be split at all. Default true. */
  canSplit?: boolean;
}

/** What the adapter allows. */
export interface TileLimits {
  /** maxComputeWorkgroupStorageSize. */
  workgroupBytes: number;
  /** The lower of maxComputeInvocationsPerWorkgroup and maxComputeWorkgroupSizeX. */
  invocations: number;
  /** Bytes of one binding. */
  bindingLimit: number;
  /** The adapter computes on the processor: default false. */
  isSoftware?: boolean;
  /** Forces one of `tileShapes` (autotune). */
  tile?: number;
}

export interface TilePlan {
  tile: TileShape;
  /** Invocations of a workgroup. */
  threads: number;
  /** Workgroup memory. */
  workgroupBytes: number;
  vTiles: number;
  sTiles: number;
  /** Parts into which the sum is split; more than 1 takes a second pass. */
  splits: number;
  /** Terms per split, a multiple of the tile's k. */
  kSplit: number;
  /** Bytes of the partial sums, 0 without splits. */
  partBytes: number;
}

/** The cuts to choose from; a tuned table names them by index, so append only. */
export const tileShapes: readonly TileShape[] = [
  { v: 32, s: 32, k: 16, regV: 4, regS: 4 },
  { v: 64, s: 64, k: 16, regV: 8, regS: 8 },
  { v: 64, s: 64, k: 16, regV: 4, regS: 4 },
  { v: 128, s: 128, k: 8, regV: 8, regS: 8 },
  { v: 16, s: 16, k: 16, regV: 4, regS: 4 },
];

/**
 * The shapes that rules choose among, by index: the standard one of published kernels and two for what
 * would not fill it. The others are for tables that were measured: each shape in use is one more
 * compilation. Software adapters go without 8x8 registers, which take them two seconds to compile.
 */
const hardwareShapes: readonly number[] = [0, 1, 4];
const softwareShapes: readonly number[] = [0, 4];

/** Sums of more terms than this are split, for accuracy: float32 then keeps 2e-6 of the maximum. */
export const longestSum = 8192;

/** Workgroups that keep a GPU busy: several for each of some hundred cores. */
const wantedGroups = 512;
/** A split shorter than this does not pay for its second pass. */
const shortestSplit = 256;
/** Partial sums may take this much memory. */
const mostPartBytes = 64 * 2 ** 20;

export function tileThreads(t: TileShape): number {
  return (t.v / t.regV) * (t.s / t.regS);
}

/**
 * Workgroup memory of a shape in bytes, with the spare vec4 per row of include/tile.wgsl, in the
 * larger of the two ways to hold an operand.
 */
export function tileBytes(t: TileShape): number {
  const side = (size: number): number =>
    16 * Math.max(t.k * (size / 4 + 1), (t.k / 4) * (size + 1));
  return side(t.v) + side(t.s);
}

/**
 * Relative time of one multiply-add: an invocation reads regV + regS numbers from workgroup memory
 * for regV·regS multiply-adds, and a core of today's GPUs does four of these in the time of one read.
 */
function costPerTerm(t: TileShape): number {
  return Math.max(1, (4 * (t.regV + t.regS)) / (t.regV * t.regS));
}

/** Invocations come in units of at least this many on today's GPUs; smaller workgroups leave some idle. */
const unit = 32;

/** Splits of the sum that bring enough workgroups, within memory, and the terms of each. */
function splitsOf(p: TileProblem, groups: number, t: TileShape, bindingLimit: number): number {
  const longest = p.longestSum ?? Infinity;
  const needed = Math.ceil(p.k / longest);
  if (p.canSplit === false) return 1;
  const result = p.resultBytes ?? 4 * p.v * p.s * (p.layers ?? 1);
  const most = Math.max(1, Math.floor(Math.min(mostPartBytes, bindingLimit) / Math.max(1, result)));
  const useful = Math.max(1, Math.floor(p.k / Math.max(shortestSplit, t.k)));
  const wanted = Math.min(useful, Math.ceil(wantedGroups / Math.max(1, groups)));
  // Grid axis z counts splits times layers.
  const grid = Math.max(1, Math.floor(65535 / (p.layers ?? 1)));
  return Math.min(Math.max(wanted, needed), most, grid);
}

function planShape(p: TileProblem, t: TileShape, bindingLimit: number): TilePlan {
  const layers = p.layers ?? 1;
  const vTiles = Math.ceil(p.v / t.v);
  const sTiles = Math.ceil(p.s / t.s);
  const asked = splitsOf(p, vTiles * sTiles * layers, t, bindingLimit);
  const kSplit = Math.max(t.k, Math.ceil(p.k / asked / t.k) * t.k);
  const splits = Math.max(1, Math.ceil(p.k / kSplit));
  return {
    tile: t,
    threads: tileThreads(t),
    workgroupBytes: tileBytes(t),
    vTiles,
    sTiles,
    splits,
    kSplit,
    partBytes: splits > 1 ? splits * (p.resultBytes ?? 4 * p.v * p.s * layers) : 0,
  };
}

/** Estimated time: padded work, each term's cost, idle lanes, and how many cores have something to do. */
function estimate(p: TileProblem, plan: TilePlan): number {
  const { tile, vTiles, sTiles, splits, kSplit } = plan;
  const groups = vTiles * sTiles * splits * (p.layers ?? 1);
  const work = vTiles * tile.v * sTiles * tile.s * splits * kSplit * (p.layers ?? 1);
  const busy = Math.min(1, (groups * plan.threads) / (wantedGroups * 64));
  const idle = (Math.ceil(plan.threads / unit) * unit) / plan.threads;
  return (work * costPerTerm(tile) * idle) / busy;
}

/**
 * The cut with the least estimated time among those that the adapter can run, or null when it can
 * run none (then the naive kernels do). Equal estimates: the earlier shape.
 */
export function planTile(p: TileProblem, limits: TileLimits): TilePlan | null {
  const allowed = limits.isSoftware ? softwareShapes : hardwareShapes;
  const possible = tileShapes.filter(
    (t, i) =>
      (limits.tile === undefined ? allowed.includes(i) : limits.tile === i) &&
      tileBytes(t) <= limits.workgroupBytes &&
      tileThreads(t) <= limits.invocations,
  );
  let best: TilePlan | null = null;
  let least = Infinity;
  for (const t of possible) {
    const plan = planShape(p, t, limits.bindingLimit);
    const time = estimate(p, plan);
    if (time >= least) continue;
    least = time;
    best = plan;
  }
  return best;
}

/** The plan; the callers have made sure that there is one. */
export function expectTile(plan: TilePlan | null): TilePlan {
  if (plan) return plan;
  throw internalError('no tile fits this adapter: the planner must choose another algorithm');
}

/** The defines of include/tile.wgsl for a shape. */
export function tileDefines(t: TileShape): Record<string, number> {
  return { TILE_V: t.v, TILE_S: t.s, TILE_K: t.k, REG_V: t.regV, REG_S: t.regS };
}

/** The flags of tile kernels: what happens to a finished sum. */
export function tileFlags(e: { BIAS: boolean; RELU: boolean; ACCUMULATE: boolean }): number {
  return Number(e.BIAS) + 2 * Number(e.RELU) + 4 * Number(e.ACCUMULATE);
}

/** Folds a number of tiles into grid axes x and y; z counts splits and layers. */
export function tileGrid(tiles: number, depth: number): [number, number, number] {
  if (tiles <= 65535) return [tiles, 1, depth];
  const y = Math.ceil(tiles / 65535);
  return [Math.ceil(tiles / y), y, depth];
}
