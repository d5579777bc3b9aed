import { sliceOf, windowsOf, type Window } from '../kernel/windows.js';
import type { Tensor, TensorDevice } from '../tensor/tensor.js';
import type { LinearShape } from './linear-plan.js';
import { runTileGemm } from './tile-gemm.js';

/** The weight's rows in windows that fit a binding, at multiples of 4 rows where it can be. */
function weightWindows(device: TensorDevice, s: LinearShape): Window[] {
  return windowsOf(s.o, s.i * 4, device.context.bindingLimit, 4);
}

/** y = x · Wᵀ + bias: both operands lie along the terms of the sum. */
export function tileForward(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  y: Tensor,
  s: LinearShape,
  relu: boolean,
  tile?: number,
): void {
  for (const window of weightWindows(x.device, s)) {
    runTileGemm(x.device, {
      label: 'linear tile forward',
      tile,
      rowsV: window.count,
      rowsS: s.r,
      k: s.i,
      v: { binding: sliceOf(weight.buffer, window), along: 'k', pitch: s.i, base: window.base },
      s: { binding: x, along: 'k', pitch: s.i },
      c: { binding: y, pitch: s.o, base: window.start },
      bias,
      biasBase: window.start,
      relu,
    });
  }
}

/** dX = dY · W: windows of W are parts of the sum and add up in order. */
export function tileInputGradient(
  g: Tensor,
  weight: Tensor,
  dX: Tensor,
  s: LinearShape,
  tile?: number,
): void {
  for (const window of weightWindows(g.device, s)) {
    runTileGemm(g.device, {
      label: 'linear tile dX',
      tile,
      rowsV: s.i,
      rowsS: s.r,
      k: window.count,
      v: { binding: sliceOf(weight.buffer, window), along: 'rows', pitch: s.i, base: window.base },
      s: { binding: g, along: 'k', pitch: s.o, base: window.start },
      c: { binding: dX, pitch: s.i },
      accumulate: window.start > 0,
    });
  }
}

/** dW = dYᵀ · x, in windows of rows of dW: both operands lie across the sum. */
export function tileWeightGradient(
  g: Tensor,
  x: Tensor,
  dW: Tensor,
  s: LinearShape,
  tile?: number,
): void {
  for (const window of weightWindows(x.device, s)) {
    runTileGemm(x.device, {
      label: 'linear tile dW',
      tile,
      rowsV: s.i,
      rowsS: window.count,
      k: s.r,
      v: { binding: x, along: 'rows', pitch: s.i },
      s: { binding: g, along: 'rows', pitch: s.o, base: window.start },
      c: { binding: sliceOf(dW.buffer, window), pitch: s.i, base: window.base },
    });
  }
}
