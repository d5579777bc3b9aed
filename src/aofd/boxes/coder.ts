import { boxCount, extentOf, type BoxArray, type BoxConvention } from './types.js';

/** Options of the box code. */
export interface CoderOptions {
  /** Default `inclusive`. */
  convention?: BoxConvention;
  /** Divisors of dx, dy, dw, dh; default all 1 (the RPN's targets are not normalised). */
  stds?: readonly number[];
  /** Upper cap of dw and dh when decoding (J3: `boxes.maxLogRatio`); default none. */
  maxLogRatio?: number;
}

/**
 * Box code of `targets` as seen from `sources`, row by row (docs/spec.md 1.6):
 * dx = (tcx - scx)/sw, dy alike, dw = ln(tw/sw), dh alike, each divided by its std.
 * R boxes in, float64 [R*4] out. Neither box of a pair may be empty (the log would not be finite).
 */
export function encodeBoxes(
  sources: BoxArray,
  targets: BoxArray,
  options: CoderOptions = {},
): Float64Array {
  const n = boxCount(sources);
  if (boxCount(targets) !== n) {
    throw new RangeError(`encodeBoxes: ${n} sources but ${boxCount(targets)} targets.`);
  }
  const e = extentOf(options.convention ?? 'inclusive');
  const [sx = 1, sy = 1, sw = 1, sh = 1] = options.stds ?? [];
  const out = new Float64Array(4 * n);
  for (let o = 0; o < 4 * n; o += 4) {
    const ew = sources[o + 2]! - sources[o]! + e;
    const eh = sources[o + 3]! - sources[o + 1]! + e;
    const gw = targets[o + 2]! - targets[o]! + e;
    const gh = targets[o + 3]! - targets[o + 1]! + e;
    if (!(ew > 0 && eh > 0 && gw > 0 && gh > 0)) {
      throw new RangeError(
        `encodeBoxes: row ${o / 4} has an empty box (source ${ew}x${eh}, target ${gw}x${gh}). ` +
          'Fix: drop boxes without area when loading the annotations.',
      );
    }
    out[o] = (targets[o]! + 0.5 * gw - (sources[o]! + 0.5 * ew)) / ew / sx;
    out[o + 1] = (targets[o + 1]! + 0.5 * gh - (sources[o + 1]! + 0.5 * eh)) / eh / sy;
    out[o + 2] = Math.log(gw / ew) / sw;
    out[o + 3] = Math.log(gh / eh) / sh;
  }
  return out;
}

/**
 * Inverse box code (docs/spec.md 1.6). With inclusive corners it keeps py-faster-rcnn's habit of not
 * subtracting 1 from x2, y2: zero deltas on [0, 0, 15, 15] give [0, 0, 16, 16]. With continuous
 * corners decode(encode) is the identity. R rows in, float64 [R*4] out (or `out`).
 */
export function decodeBoxes<T extends BoxArray = Float64Array>(
  sources: BoxArray,
  deltas: ArrayLike<number>,
  options: CoderOptions = {},
  out?: T,
): T {
  const n = boxCount(sources);
  if (deltas.length !== 4 * n) {
    throw new RangeError(`decodeBoxes: ${n} sources need ${4 * n} deltas, got ${deltas.length}.`);
  }
  const result = (out ?? new Float64Array(4 * n)) as T;
  for (let i = 0; i < n; i++) decodeBox(sources, deltas, i, options, result, i);
  return result;
}

/** Decodes row `i` of sources and deltas into row `at` of `out`. */
export function decodeBox(
  sources: ArrayLike<number>,
  deltas: ArrayLike<number>,
  i: number,
  options: CoderOptions,
  out: BoxArray,
  at: number,
): void {
  const e = extentOf(options.convention ?? 'inclusive');
  const cap = options.maxLogRatio ?? Infinity;
  const stds = options.stds;
  const o = 4 * i;
  const ew = sources[o + 2]! - sources[o]! + e;
  const eh = sources[o + 3]! - sources[o + 1]! + e;
  const cx = deltas[o]! * (stds?.[0] ?? 1) * ew + sources[o]! + 0.5 * ew;
  const cy = deltas[o + 1]! * (stds?.[1] ?? 1) * eh + sources[o + 1]! + 0.5 * eh;
  const w = Math.exp(Math.min(deltas[o + 2]! * (stds?.[2] ?? 1), cap)) * ew;
  const h = Math.exp(Math.min(deltas[o + 3]! * (stds?.[3] ?? 1), cap)) * eh;
  const p = 4 * at;
  out[p] = cx - 0.5 * w;
  out[p + 1] = cy - 0.5 * h;
  out[p + 2] = cx + 0.5 * w;
  out[p + 3] = cy + 0.5 * h;
}
