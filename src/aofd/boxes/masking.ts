import type { MaskingConfig } from '../config/schema.js';
import type { UniformSource } from './types.js';

/** What covers a RoI's features; the numbers go into {@link MaskPlan.types}. */
export const MASK_TYPES = ['original', 'generator', 'half', 'random'] as const;
export type MaskType = (typeof MASK_TYPES)[number];

/** The side that a half mask covers. */
export type MaskSide = 'left' | 'right' | 'top' | 'bottom';
const SIDES: readonly MaskSide[] = ['left', 'right', 'top', 'bottom'];

/** Which features enter the head, for R sampled RoIs; P = size * size cells. */
export interface MaskPlan {
  /** Rows that enter the head: 2R for `double`, else R. */
  rows: number;
  /** [rows]: the RoI of each row. For `double`: 0..R-1 original, then 0..R-1 masked. */
  source: Int32Array;
  /** [rows]: index into {@link MASK_TYPES}. */
  types: Uint8Array;
  /**
   * [rows*P]: 1 keeps a cell, 0 hides it. Generator rows hold ones: their mask is to be computed
   * by the generator and multiplied in (or written over) by the caller.
   */
  masks: Float32Array;
  /** Rows whose mask the generator makes, ascending. */
  generatorRows: Int32Array;
}

/** A mask that hides `lines` rows or columns on one side; Float32Array [size*size] of 1 and 0. */
export function halfMask(side: MaskSide, size = 7, lines = Math.floor(size / 2)): Float32Array {
  const mask = new Float32Array(size * size).fill(1);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = { left: x, right: size - 1 - x, top: y, bottom: size - 1 - y }[side];
      if (distance < lines) mask[y * size + x] = 0;
    }
  }
  return mask;
}

/** A mask that hides exactly `count` cells, drawn without replacement. */
export function randomMask(rng: UniformSource, size = 7, count = 24): Float32Array {
  const cells = size * size;
  const mask = new Float32Array(cells).fill(1);
  const order = Int32Array.from({ length: cells }, (_, i) => i);
  for (let i = 0; i < Math.min(count, cells); i++) {
    const j = i + rng.int(cells - i);
    mask[order[j]!] = 0;
    order[j] = order[i]!;
  }
  return mask;
}

/**
 * The generator's hard mask (docs/spec.md 3.2): the k smallest heats become 0, the others 1; equal
 * heats: the lower cell first (J5).
 *
 * @returns the mask and tau, halfway between the k-th and the next smallest heat (docs/spec.md 3.3)
 */
export function smallestMask(
  heat: ArrayLike<number>,
  k: number,
): { mask: Float32Array; tau: number } {
  const order = Array.from({ length: heat.length }, (_, i) => i);
  order.sort((a, b) => heat[a]! - heat[b]! || a - b);
  const mask = new Float32Array(heat.length).fill(1);
  for (let i = 0; i < k; i++) mask[order[i]!] = 0;
  const below = k > 0 ? heat[order[k - 1]!]! : -Infinity;
  const above = k < heat.length ? heat[order[k]!]! : Infinity;
  return { mask, tau: (below + above) / 2 };
}

/**
 * Draws the masks of R sampled RoIs (docs/spec.md 3.6). How originals and masked features are trained
 * together is `masking.jointMode` (J15):
 * - `double`: each RoI twice, once original and once with one drawn type (2R rows);
 * - `replace`: each RoI once, original or one of the types with equal chances (R rows);
 * - `none`: originals only (stages before the joint one, networks trained without occlusion).
 *
 * @param labels [R]; only read where negatives stay unmasked (J16)
 * @param size side of the pooled map; 7
 */
export function planMasks(
  labels: ArrayLike<number>,
  config: MaskingConfig,
  size: number,
  rng: UniformSource,
): MaskPlan {
  const rois = labels.length;
  const cells = size * size;
  const isDoubled = config.jointMode === 'double' && config.types.length > 0;
  const rows = isDoubled ? 2 * rois : rois;
  const source = Int32Array.from({ length: rows }, (_, row) => (row < rois ? row : row - rois));
  const types = new Uint8Array(rows);
  const masks = new Float32Array(rows * cells).fill(1);
  const generatorRows: number[] = [];
  for (let row = isDoubled ? rois : 0; row < rows; row++) {
    const type = drawType(config, rng);
    // Drawn for every row, so that the numbers of later rows do not depend on the labels.
    const mask = drawMask(type, config, size, rng);
    if (type === 'original' || (!config.maskNegatives && labels[source[row]!] !== 1)) continue;
    types[row] = MASK_TYPES.indexOf(type);
    if (mask) masks.set(mask, row * cells);
    else generatorRows.push(row);
  }
  return { rows, source, types, masks, generatorRows: Int32Array.from(generatorRows) };
}

function drawType(config: MaskingConfig, rng: UniformSource): MaskType {
  if (config.jointMode === 'none' || config.types.length === 0) return 'original';
  const choices: readonly MaskType[] =
    config.jointMode === 'replace' ? ['original', ...config.types] : config.types;
  return choices[rng.int(choices.length)]!;
}

function drawMask(
  type: MaskType,
  config: MaskingConfig,
  size: number,
  rng: UniformSource,
): Float32Array | null {
  if (type === 'half') return halfMask(SIDES[rng.int(4)]!, size, config.halfCells);
  if (type === 'random') return randomMask(rng, size, config.randomCells);
  return null;
}

/**
 * Response of the compactness kernel (docs/spec.md 3.4) on an occlusion map: out(p) = o(p) - n(p)/8,
 * n = sum over the 8 neighbours, zero padding. `occlusion` is [size*size], 1 = hidden.
 */
export function compactResponse(occlusion: ArrayLike<number>, size = 7): Float64Array {
  const out = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let near = 0;
      for (let v = Math.max(0, y - 1); v <= Math.min(size - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(size - 1, x + 1); u++) {
          if (u !== x || v !== y) near += occlusion[v * size + u]!;
        }
      }
      out[y * size + x] = occlusion[y * size + x]! - near / 8;
    }
  }
  return out;
}

/** How the compact loss looks at a mask (docs/spec.md 3.4). */
export type CompactForm = 'relu' | 'literal' | 'flip';

/**
 * Gradient of the compact loss of one mask for its occlusion map, [size*size] (docs/spec.md 3.4).
 * `relu` and `literal` are derivatives. `flip` is what the rectified loss would change by if the cell alone
 * became hidden, 1 - n/4 with n its hidden neighbours, less the mean over the cells: the number of hidden
 * cells is fixed, so only differences between cells matter.
 * @param occlusion [size*size], 1 = hidden
 */
export function compactGradient(
  occlusion: ArrayLike<number>,
  form: CompactForm,
  size = 7,
): Float64Array {
  const response = compactResponse(occlusion, size);
  // The kernel is symmetric: its transpose is itself.
  if (form !== 'flip') {
    return compactResponse(
      response.map((v) => (form === 'literal' || v > 0 ? 1 : 0)),
      size,
    );
  }
  const change = response.map((v, i) => 1 + 2 * (v - occlusion[i]!));
  const mean = change.reduce((sum, v) => sum + v, 0) / change.length;
  return change.map((v) => v - mean);
}
