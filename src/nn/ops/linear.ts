import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import { grid1d } from '../kernel/dispatch.js';
import { sliceOf, windowsOf, type Window } from '../kernel/windows.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor, TensorDevice } from '../tensor/tensor.js';
import { tunedLayer } from './tuning/registry.js';
import { linearKey } from './tuning/table.js';
import { debugPlan } from './capabilities.js';
import { capabilitiesOf } from './conv/environment.js';
import { subgroupGrid } from './conv/grid.js';
import {
  linearAlgorithms,
  planLinear,
  type LinearAlgorithm,
  type LinearPlan,
  type LinearShape,
} from './linear-plan.js';
import { tileForward, tileInputGradient, tileWeightGradient } from './linear-tile.js';
import { reluBackward } from './elementwise.js';
import { arrayView, matrixTexture, panelTexture } from './texture.js';

export { planLinear, type LinearAlgorithm, type LinearPlan } from './linear-plan.js';

export interface LinearOptions {
  /** Clamps the result at 0, fused. Default false. */
  relu?: boolean;
  /** Forces one kind of kernels; for tests and benchmarks. */
  algorithm?: LinearAlgorithm;
}

/**
 * y = x · weightᵀ + bias. x row (R, I), weight row (O, I), bias row (O) or null -> row (R, O).
 * R may be 0. Weights beyond one binding are read as textures, or in windows of rows by the naive
 * kernels, and their gradient is written in windows of rows. Differentiable in x, weight and bias.
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: LinearOptions = {},
): Tensor {
  const [r = 0, i = 0] = x.shape;
  const [o = 0, wi = 0] = weight.shape;
  const at = `(input ${formatShape(x.shape)}, weight ${formatShape(weight.shape)})`;
  if (x.shape.length !== 2 || weight.shape.length !== 2 || x.layout !== 'row') {
    throw new NnError('shape', `linear: input and weight must be row tensors of rank 2 ${at}.`, {
      fix: 'flatten the input with toRow and reshape.',
    });
  }
  if (wi !== i)
    throw new NnError('shape', `linear: weight takes ${wi} features, input has ${i} ${at}.`);
  if (bias && bias.size !== o)
    throw new NnError(
      'shape',
      `linear: bias has ${bias.size} values, weight has ${o} outputs ${at}.`,
    );
  const { device } = x;
  const s = { r, i, o };
  const relu = options.relu ?? false;
  const plan = planLinear(s, {
    ...capabilitiesOf(device),
    tuned: tunedLayer(device.context, linearKey(s)),
    force: options.algorithm ?? forcedAlgorithm(device),
  });
  debugPlan(device, linearKey(s), plan);
  const y = device.empty([r, o]);
  if (r > 0) {
    if (plan.forward === 'naive') naiveForward(x, weight, bias, y, s, relu);
    else if (plan.forward === 'tile') tileForward(x, weight, bias, y, s, relu, plan.tuned?.forward);
    else laneForward(x, weight, bias, y, s, relu);
  }
  record({
    op: 'linear',
    inputs: [x, weight, bias],
    outputs: [y],
    backward: ([dY], needs) =>
      dY ? linearBackward(x, weight, bias, y, dY, s, relu, plan, needs) : [],
  });
  return y;
}

/** What AOFD_ALGORITHM says of matrix products: its other values are for convolutions only. */
function forcedAlgorithm(device: TensorDevice): LinearAlgorithm | undefined {
  const text = device.context.platform.env('AOFD_ALGORITHM');
  return linearAlgorithms.find((name) => name === text);
}

/** The weight's rows in windows that fit a binding. */
function weightWindows(device: TensorDevice, s: LinearShape): Window[] {
  return windowsOf(s.o, s.i * 4, device.context.bindingLimit);
}

const noBases = { a_base: 0, b_base: 0, c_base: 0, bias_base: 0 };

function naiveForward(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  y: Tensor,
  s: LinearShape,
  relu: boolean,
): void {
  for (const window of weightWindows(x.device, s)) {
    const { start, count, base } = window;
    x.device.dispatch({
      kernel: 'gemm/naive_gemm',
      label: 'linear naive forward',
      defines: { BIAS: bias !== null, RELU: relu },
      bindings: { a: x, b: sliceOf(weight.buffer, window), c: y, ...(bias ? { bias } : {}) },
      params: {
        ...noBases,
        rows: s.r,
        cols: count,
        k: s.i,
        a_row: s.i,
        a_k: 1,
        b_col: s.i,
        b_k: 1,
        c_row: s.o,
        b_base: base,
        c_base: start,
        bias_base: start,
      },
      workgroups: grid1d(s.r * count),
    });
  }
}

function laneForward(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  y: Tensor,
  s: LinearShape,
  relu: boolean,
): void {
  runGemm(x.device, {
    label: 'linear forward',
    defines: {
      A_FORM: 1,
      B_FORM: 0,
      A_ADDRESS: 2,
      B_ADDRESS: 0,
      EPILOGUE: bias !== null,
      RELU: relu,
    },
    a: matrixTexture(weight, s.o, s.i),
    b: matrixTexture(x, s.r, s.i),
    c: { buffer: y.buffer, offset: 0, size: y.byteLength },
    bias,
    rows: s.o,
    cols: s.r,
    k: s.i,
    rowStride: 1,
    colStride: s.o / 4,
  });
}

interface Gemm {
  label: string;
  defines: Record<string, number | boolean>;
  a: GPUTexture;
  b: GPUTexture;
  c: { buffer: GPUBuffer; offset: number; size: number };
  bias?: Tensor | null;
  rows: number;
  cols: number;
  k: number;
  rowStride: number;
  colStride: number;
  panelOffset?: number;
}

function runGemm(device: TensorDevice, g: Gemm): void {
  const lanes = device.subgroupSize;
  const rowPanels = Math.ceil(g.rows / (4 * lanes));
  const colPanels = Math.ceil(g.cols / (4 * lanes));
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
      k4: Math.ceil(g.k / 4),
      row_panels: rowPanels,
      col_panels: colPanels,
      layers: 1,
      panel_offset: g.panelOffset ?? 0,
      layer_stride: 0,
      row_stride: g.rowStride,
      col_stride: g.colStride,
    },
    workgroups: subgroupGrid(rowPanels * colPanels, lanes),
  });
}

function linearBackward(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  y: Tensor,
  dY: Tensor,
  s: LinearShape,
  relu: boolean,
  plan: LinearPlan,
  needs: boolean[],
): (Tensor | null)[] {
  const { device } = x;
  const [needX, needW, needB] = needs;
  const g = relu ? reluBackward(y, dY) : dY;
  let dX: Tensor | null = null;
  let dW: Tensor | null = null;
  let dB: Tensor | null = null;
  if (needX) {
    dX = device.empty(x.shape);
    if (s.r > 0) inputGradient(g, weight, dX, s, plan);
  }
  if (needW) {
    dW = s.r > 0 ? device.empty(weight.shape) : device.zeros(weight.shape);
    if (s.r > 0) weightGradient(g, x, dW, s, plan);
  }
  if (needB && bias) {
    dB = device.empty(bias.shape);
    device.dispatch({
      kernel: 'gemm/column_sums',
      bindings: { g, db: dB },
      params: { rows: s.r, cols: s.o },
      workgroups: grid1d(s.o),
    });
  }
  g.freeDerived();
  x.freeDerived();
  if (g !== dY) g.dispose();
  return [dX, dW, dB];
}

/** dX = dY · W. */
function inputGradient(
  g: Tensor,
  weight: Tensor,
  dX: Tensor,
  s: LinearShape,
  plan: LinearPlan,
): void {
  if (plan.inputGradient === 'tile') {
    tileInputGradient(g, weight, dX, s, plan.tuned?.inputGradient);
    return;
  }
  if (plan.inputGradient === 'naive') {
    for (const window of weightWindows(g.device, s)) {
      const { start, count, base } = window;
      g.device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive dX',
        defines: { BIAS: false, RELU: false, ACCUMULATE: start > 0 },
        bindings: { a: g, b: sliceOf(weight.buffer, window), c: dX },
        params: {
          ...noBases,
          rows: s.r,
          cols: s.i,
          k: count,
          a_row: s.o,
          a_k: 1,
          b_col: 1,
          b_k: s.i,
          c_row: s.i,
          a_base: start,
          b_base: base,
        },
        workgroups: grid1d(s.r * s.i),
      });
    }
    return;
  }
  runGemm(g.device, {
    label: 'linear dX',
    defines: { A_FORM: 0, B_FORM: 0, A_ADDRESS: 1, B_ADDRESS: 0 },
    a: matrixTexture(weight, s.o, s.i),
    b: matrixTexture(g, s.r, s.o),
    c: { buffer: dX.buffer, offset: 0, size: dX.byteLength },
    rows: s.i,
    cols: s.r,
    k: s.o,
    rowStride: 1,
    colStride: s.i / 4,
  });
}

/** dW = dYᵀ · x, in windows of whole row panels where dW exceeds one binding. */
function weightGradient(g: Tensor, x: Tensor, dW: Tensor, s: LinearShape, plan: LinearPlan): void {
  const { device } = x;
  if (plan.weightGradient === 'tile') {
    tileWeightGradient(g, x, dW, s, plan.tuned?.weightGradient);
    return;
  }
  if (plan.weightGradient === 'naive') {
    for (const window of weightWindows(device, s)) {
      const { start, count, base } = window;
      device.dispatch({
        kernel: 'gemm/naive_gemm',
        label: 'linear naive dW',
        defines: { BIAS: false, RELU: false },
        bindings: { a: g, b: x, c: sliceOf(dW.buffer, window) },
        params: {
          ...noBases,
          rows: count,
          cols: s.i,
          k: s.r,
          a_row: 1,
          a_k: s.o,
          b_col: 1,
          b_k: s.i,
          c_row: s.i,
          a_base: start,
          c_base: base,
        },
        workgroups: grid1d(count * s.i),
      });
    }
    return;
  }
  const lanes = device.subgroupSize;
  const panel = 4 * lanes;
  const rowBytes = s.i * 4;
  // A panel of 4L rows of i values (i % 4 == 0): its size is a multiple of 256 bytes.
  const panelsAtOnce = Math.max(1, Math.floor(device.context.bindingLimit / (panel * rowBytes)));
  const a = panelTexture(g, s.r, s.o, lanes);
  const b = panelTexture(x, s.r, s.i, lanes);
  for (let first = 0; first * panel < s.o; first += panelsAtOnce) {
    const rows = Math.min(s.o - first * panel, panelsAtOnce * panel);
    runGemm(device, {
      label: 'linear dW',
      defines: { A_FORM: 0, B_FORM: 1, A_ADDRESS: 0, B_ADDRESS: 2 },
      a,
      b,
      c: { buffer: dW.buffer, offset: first * panel * rowBytes, size: rows * rowBytes },
      rows,
      cols: s.i,
      k: s.r,
      rowStride: s.i / 4,
      colStride: 1,
      panelOffset: first,
    });
  }
}
