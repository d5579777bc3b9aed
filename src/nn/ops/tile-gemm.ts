import { grid1d, type BufferSlice } from '../kernel/dispatch.js';
import type { Tensor, TensorDevice } from '../tensor/tensor.js';
import { tileLimitsOf } from './capabilities.js';
import {
  expectTile,
  longestSum,
  planTile,
  tileDefines,
  tileFlags,
  tileGrid,
  type TilePlan,
} from './tile-plan.js';

/** An operand of a product: a matrix of (v or s) x k numbers, for every layer. */
export interface GemmOperand {
  binding: Tensor | BufferSlice;
  /** Along which index neighbours in memory follow each other. */
  along: 'k' | 'rows';
  /** Elements between neighbours along the other index. */
  pitch: number;
  /** Element of the binding at which it begins. Default 0. */
  base?: number;
  /** Elements between layers. Default 0: every layer reads the same. */
  layer?: number;
}

/** c[s, v] (+)= sum over k of s[s, k] · v[v, k] (+ bias[v], ReLU), for every layer. */
export interface TileGemm {
  label: string;
  /** Sizes. */
  rowsV: number;
  rowsS: number;
  k: number;
  layers?: number;
  v: GemmOperand;
  s: GemmOperand;
  c: { binding: Tensor | BufferSlice; pitch: number; base?: number; layer?: number };
  bias?: Tensor | null;
  biasBase?: number;
  relu?: boolean;
  accumulate?: boolean;
  /** The tile that a tuned table names. */
  tile?: number | undefined;
}

/** The cut of a product. Pure but for the device's limits. */
function cut(device: TensorDevice, g: TileGemm): TilePlan {
  const layers = g.layers ?? 1;
  const isDense = layers === 1 || g.c.layer === g.rowsS * g.c.pitch;
  const problem = { v: g.rowsV, s: g.rowsS, k: g.k, layers, longestSum, canSplit: isDense };
  return expectTile(planTile(problem, tileLimitsOf(device, g.tile)));
}

/** Whether an operand can be read as vec4s. */
function isQuads(operand: GemmOperand, rows: number, k: number): boolean {
  const { along, pitch, base = 0, layer = 0 } = operand;
  return [along === 'k' ? k : rows, pitch, base, layer].every((n) => n % 4 === 0);
}

/** Runs a product through kernels/gemm/tile_gemm, with a second pass where the sum is split. */
// eslint-disable-next-line max-lines-per-function -- one dispatch, its parameters by name, and the sum of its parts
export function runTileGemm(device: TensorDevice, g: TileGemm): void {
  const layers = g.layers ?? 1;
  const plan = cut(device, g);
  const isSplit = plan.splits > 1;
  const count = g.rowsV * g.rowsS * layers;
  const part = isSplit ? device.empty([plan.splits, count]) : null;
  const c = part
    ? { binding: part, pitch: g.rowsV, base: 0, layer: g.rowsV * g.rowsS }
    : { base: 0, layer: 0, ...g.c };
  const bias: Record<string, Tensor> = g.bias ? { bias: g.bias } : {};
  const epilogue = {
    BIAS: g.bias != null,
    RELU: g.relu ?? false,
    ACCUMULATE: g.accumulate ?? false,
  };
  device.dispatch({
    kernel: 'gemm/tile_gemm',
    label: g.label,
    defines: {
      ...tileDefines(plan.tile),
      V_K: g.v.along === 'k',
      S_K: g.s.along === 'k',
      VEC:
        isQuads(g.v, g.rowsV, g.k) &&
        isQuads(g.s, g.rowsS, g.k) &&
        [g.rowsV, c.pitch, c.base, c.layer].every((n) => n % 4 === 0),
    },
    bindings: {
      v_in: g.v.binding,
      s_in: g.s.binding,
      c: c.binding,
      bias: (isSplit ? null : g.bias) ?? g.v.binding,
    },
    params: {
      v_size: g.rowsV,
      s_size: g.rowsS,
      k_size: g.k,
      v_pitch: g.v.pitch,
      s_pitch: g.s.pitch,
      c_pitch: c.pitch,
      v_base: g.v.base ?? 0,
      s_base: g.s.base ?? 0,
      c_base: c.base,
      bias_base: g.biasBase ?? 0,
      v_tiles: plan.vTiles,
      tiles: plan.vTiles * plan.sTiles,
      splits: plan.splits,
      k_split: plan.kSplit,
      c_split: count,
      v_layer: g.v.layer ?? 0,
      s_layer: g.s.layer ?? 0,
      c_layer: c.layer,
      flags: isSplit ? 0 : tileFlags(epilogue),
    },
    workgroups: tileGrid(plan.vTiles * plan.sTiles, plan.splits * layers),
    flops: 2 * count * g.k,
  });
  if (!part) return;
  device.dispatch({
    kernel: 'gemm/tile_sum',
    label: `${g.label} sum`,
    defines: epilogue,
    bindings: { part, y: g.c.binding, ...bias },
    params: {
      count,
      splits: plan.splits,
      split_stride: count,
      y_base: g.c.base ?? 0,
      cols: g.rowsV,
      c_pitch: g.c.pitch,
      bias_base: g.biasBase ?? 0,
      plane: 1,
      quads: 1,
      channel_from: 0,
      channels: 0,
    },
    workgroups: grid1d(count),
  });
  part.dispose();
}
