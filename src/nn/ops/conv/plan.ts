import type { AdapterKind } from '../../platform/types.js';
import { everywhere, obeyMeasured, type PassPlan } from '../pass-plan.js';
import type { TileLimits, TilePlan } from '../tile-plan.js';
import type { TunedLayer } from '../tuning/table.js';
import type { ConvShape } from './shape.js';
import { planConvTile, planConvTileDw } from './tile-plan.js';

export type { ConvShape } from './shape.js';

/**
 * How far rounding may grow for speed. Errors are relative to the largest value of the result:
 * `exact` sums products as they are (2e-6), `high` allows Winograd F(2x2) (2e-6, with a smaller
 * margin), `fast` F(4x4) (1e-5). See docs/kernels.md.
 */
export const convPrecisions = ['exact', 'high', 'fast'] as const;

export type ConvPrecision = (typeof convPrecisions)[number];

/** What the planner may use. */
export interface ConvCapabilities {
  /** Lanes of subgroup kernels, 0 = none (or storage textures cannot be read). */
  lanes: number;
  maxTextureSide: number;
  maxTextureLayers: number;
  /** Kind of adapter; default: a software adapter. */
  kind?: AdapterKind;
  /** What the tile kernels may use; default: they cannot run. */
  tile?: TileLimits;
  /** Bytes of one binding; default no limit. */
  bindingLimit?: number;
  /** Default `fast`. */
  precision?: ConvPrecision;
  /** What was measured for this layer; obeyed where it is possible and precise enough. */
  tuned?: TunedLayer | undefined;
  /** Force one algorithm for every pass (environment AOFD_ALGORITHM, tests). */
  force?: ConvAlgorithm | undefined;
}

export const convAlgorithms = ['naive', 'tile', 'lanes', 'winograd2', 'winograd4'] as const;

export type ConvAlgorithm = (typeof convAlgorithms)[number];

export type ConvPlan = PassPlan<ConvAlgorithm>;

/** Taps that the tables of lane_conv hold. */
export const maxTaps = 64;

/** Smaller convolutions (FLOPs) are not worth packing. */
const smallFlops = 2e5;

/** Multiply-add FLOPs of one pass (2 per multiply-add). */
export function convFlops(s: ConvShape): number {
  return 2 * s.n * s.o * s.oh * s.ow * s.c * s.kh * s.kw;
}

/**
 * Algorithm of each pass. Pure. Software adapters: Winograd for 3x3 stride 1 with enough channels and
 * tiles to fill lane tiles, `lanes` otherwise. GPUs, unknown adapters and those without
 * lane kernels: tiles in workgroup memory. The naive kernels where neither can run, or where the work
 * is too small to be worth packing. Measured choices go before these rules.
 */
export function planConv(s: ConvShape, caps: ConvCapabilities): ConvPlan {
  const plan = planByRules(s, caps);
  if (!caps.tuned || caps.force !== undefined) return plan;
  return obeyMeasured(plan, caps.tuned, {
    algorithms: convAlgorithms,
    tile: caps.tile,
    force: (force, tile) => planByRules(s, { ...caps, ...(tile ? { tile } : {}), force }),
    allows: (algorithm, pass) =>
      isPrecise(algorithm, caps.precision ?? 'fast') &&
      (pass !== 'weightGradient' || holdsTransformedGradient(algorithm, s, caps)),
  });
}

function planByRules(s: ConvShape, caps: ConvCapabilities): ConvPlan {
  const { force } = caps;
  if (force === 'naive') return everywhere('naive', 'forced');
  if (force === undefined && convFlops(s) < smallFlops) {
    return everywhere('naive', `less than ${smallFlops} FLOPs`);
  }
  const obstacle = laneObstacle(s, caps);
  const isHardware = caps.kind === 'gpu' || caps.kind === 'unknown';
  const wantsTiles = force === 'tile' || obstacle !== null || (isHardware && force === undefined);
  if (!wantsTiles) return planLanes(s, caps);
  const why = force === 'tile' ? 'forced' : (obstacle ?? `adapter kind ${caps.kind ?? ''}`);
  return planTiles(s, caps, why);
}

/** Whether rounding of the algorithm stays within what `precision` allows. */
function isPrecise(algorithm: ConvAlgorithm, precision: ConvPrecision): boolean {
  if (algorithm === 'winograd4') return precision === 'fast';
  return algorithm !== 'winograd2' || precision !== 'exact';
}

/** Whether one binding holds all frequencies of Winograd's dU, padded to panels of 4L channels. */
function holdsTransformedGradient(
  algorithm: ConvAlgorithm,
  s: ConvShape,
  caps: ConvCapabilities,
): boolean {
  if (algorithm !== 'winograd2' && algorithm !== 'winograd4') return true;
  const panel = 4 * caps.lanes;
  const padded = (channels: number): number => Math.ceil(channels / panel) * panel;
  const frequencies = algorithm === 'winograd2' ? 16 : 36;
  const bytes = frequencies * (padded(s.o) * padded(s.c) + 32) * 4;
  return bytes <= (caps.bindingLimit ?? Infinity);
}

/** Why the lane kernels cannot run, or null. */
function laneObstacle(s: ConvShape, caps: ConvCapabilities): string | null {
  const fits = (height: number, width: number, channels: number): boolean =>
    height <= caps.maxTextureSide &&
    width <= caps.maxTextureSide &&
    Math.ceil(channels / 4) <= caps.maxTextureLayers;
  if (caps.lanes === 0) return 'no lane kernels';
  if (s.kh * s.kw > maxTaps) return `more than ${maxTaps} taps`;
  if (!fits(s.n * s.h, s.w, s.c) || !fits(s.n * s.oh, s.ow, s.o)) return 'map exceeds textures';
  return null;
}

/** Tiles for every pass where the adapter can run them, else naive. */
function planTiles(s: ConvShape, caps: ConvCapabilities, why: string): ConvPlan {
  const naive = (what: string): ConvPlan => everywhere('naive', `${why}; ${what}`);
  if (!caps.tile) return naive('no workgroup limits known');
  const quads = (channels: number): number => Math.ceil(channels / 4);
  const taps = s.kh * s.kw;
  const limit = Math.min(caps.bindingLimit ?? Infinity, caps.tile.bindingLimit);
  const packed = 64 * quads(s.c) * quads(s.o) * taps;
  // The packed weights and one set of weight sums are bound whole.
  if (packed > limit) return naive('weights exceed a binding');
  const limits = { ...caps.tile, bindingLimit: limit };
  const [pixelsIn, pixelsOut] = [s.n * s.h * s.w, s.n * s.oh * s.ow];
  const pass = (rows: number, pixels: number, cols: number, step: number): TilePlan | null =>
    planConvTile(
      {
        rows: 4 * quads(rows),
        pixels: Math.ceil(pixels / step ** 2),
        k: 4 * quads(cols) * taps,
        step,
        resultBytes: 16 * quads(rows) * pixels,
      },
      limits,
    );
  const forward = pass(s.o, pixelsOut, s.c, 1);
  const inputGradient = pass(s.c, pixelsIn, s.o, s.stride);
  const weightGradient = planConvTileDw(
    { rows: s.o, cols: 4 * quads(s.c) * taps, pixels: pixelsOut },
    limits,
  );
  if (!forward || !inputGradient || !weightGradient) {
    return naive(
      `no tile fits ${caps.tile.workgroupBytes} bytes and ${caps.tile.invocations} invocations`,
    );
  }
  const plan = everywhere('tile', why);
  return { ...plan, tiles: { forward, inputGradient, weightGradient } };
}

/** Lane kernels for every pass: Winograd where it pays and is allowed, else sums of products as they are. */
function planLanes(s: ConvShape, caps: ConvCapabilities): ConvPlan {
  const { force, precision = 'fast' } = caps;
  const is3x3 = s.kh === 3 && s.kw === 3 && s.stride === 1 && s.dilation === 1 && s.pad <= 2;
  const widest = Math.max(s.c, s.o) * caps.lanes;
  const possible = is3x3 && widest <= caps.maxTextureSide;
  if (force === 'lanes') return everywhere('lanes', 'forced');
  if (force === 'winograd2' || force === 'winograd4') {
    return possible
      ? everywhere(force, 'forced')
      : everywhere('lanes', 'Winograd cannot do this shape');
  }
  const tiles = s.n * Math.ceil(s.oh / 4) * Math.ceil(s.ow / 4);
  if (!possible) return everywhere('lanes', is3x3 ? 'too many channels' : 'not 3x3 of stride 1');
  if (s.c < 32 || s.o < 32) return everywhere('lanes', 'fewer than 32 channels');
  if (tiles < 32) return everywhere('lanes', `${tiles} tiles do not fill a lane tile`);
  if (precision === 'exact') return everywhere('lanes', 'precision exact');
  const winograd = precision === 'high' ? 'winograd2' : 'winograd4';
  const plan = everywhere(winograd, `3x3, ${tiles} tiles, precision ${precision}`);
  const useful = tiles >= 64 && holdsTransformedGradient(winograd, s, caps);
  return useful ? plan : { ...plan, weightGradient: 'lanes' };
}
