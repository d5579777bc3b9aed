import type { BufferSlice } from '../kernel/dispatch.js';
import type { Tensor, TensorDevice } from '../tensor/tensor.js';
import { arrayView } from './texture.js';

/** Workgroups of 64 invocations for `count` subgroups of `lanes` lanes, folded into x and y. */
export function subgroupGrid(count: number, lanes: number): [number, number] {
  const groups = Math.max(1, Math.ceil((count * lanes) / 64));
  if (groups <= 65535) return [groups, 1];
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y];
}

/** c[f][row][col] = sum over k of a[f][row][k] · b[f][col][k], from textures, for every layer f. */
export interface LaneGemm {
  label: string;
  /** How the operands lie in their textures and what happens to a sum: see lane_gemm.wgsl. */
  defines: Record<string, number | boolean>;
  a: GPUTexture;
  b: GPUTexture;
  c: BufferSlice;
  bias?: Tensor | null;
  rows: number;
  cols: number;
  /** Steps of four terms. */
  k4: number;
  /** Default 1. */
  layers?: number;
  /** vec4 elements of `c` between layers, rows (or quads of rows) and columns. */
  layerStride?: number;
  rowStride: number;
  colStride: number;
  /** First panel of rows. Default 0. */
  panelOffset?: number;
}

/** Runs a product through kernels/gemm/lane_gemm: one subgroup per tile of 4L x 4L results. */
export function runLaneGemm(device: TensorDevice, g: LaneGemm): void {
  const lanes = device.subgroupSize;
  const rowPanels = Math.ceil(g.rows / (4 * lanes));
  const colPanels = Math.ceil(g.cols / (4 * lanes));
  const layers = g.layers ?? 1;
  device.dispatch({
    kernel: 'gemm/lane_gemm',
    label: g.label,
    defines: { LANES: lanes, ...g.defines },
    bindings: {
      a_map: arrayView(g.a),
      b_map: arrayView(g.b),
      c: g.c,
      ...(g.bias ? { bias: g.bias } : {}),
    },
    params: {
      rows: g.rows,
      cols: g.cols,
      k4: g.k4,
      row_panels: rowPanels,
      col_panels: colPanels,
      layers,
      panel_offset: g.panelOffset ?? 0,
      layer_stride: g.layerStride ?? 0,
      row_stride: g.rowStride,
      col_stride: g.colStride,
    },
    workgroups: subgroupGrid(layers * rowPanels * colPanels, lanes),
  });
}
