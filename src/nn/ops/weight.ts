import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import { sliceOf, windowsOf } from '../kernel/windows.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireRow, requireShape } from './common.js';

/**
 * Scaled weight standardisation of w, row [O, ...] (Brock et al., arXiv 2101.08692): per output row
 * gain · (w − mean) / sqrt(var · F + 1e-4), F being the row's length. `gain` is [O].
 */
export function weightStandardize(w: Tensor, gain: Tensor): Tensor {
  requireRow('weightStandardize', 'w', w);
  const rows = w.shape[0] ?? 0;
  requireShape('weightStandardize', 'gain', gain, [rows]);
  const { device } = w;
  const fan = rows === 0 ? 0 : w.size / rows;
  const y = emptyLike(w);
  const stats = device.empty([rows, 2]);
  const lanes = device.subgroupSize;
  const grid = (count: number): [number, number] => grid1d(count * (lanes || 64));
  const windows = windowsOf(rows, fan * 4, device.context.bindingLimit);
  if (fan > 0) {
    for (const window of windows) {
      device.dispatch({
        kernel: 'weight/standardize',
        defines: { LANES: lanes },
        bindings: { w: sliceOf(w.buffer, window), gain, y: sliceOf(y.buffer, window), stats },
        params: {
          rows: window.count,
          fan,
          start: window.start,
          base: window.base,
        },
        workgroups: grid(window.count),
      });
    }
  }
  record({
    op: 'weightStandardize',
    inputs: [w, gain],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null, null];
      const dW = emptyLike(w);
      const dGain = emptyLike(gain);
      if (fan > 0) {
        for (const window of windows) {
          const { base, start, count } = window;
          device.dispatch({
            kernel: 'weight/standardize_backward',
            defines: { LANES: lanes },
            bindings: {
              w: sliceOf(w.buffer, window),
              gain,
              stats,
              dY: sliceOf(dY.buffer, window),
              dW: sliceOf(dW.buffer, window),
              dGain,
            },
            params: { rows: count, fan, start, base },
            workgroups: grid(count),
          });
        }
      }
      return [dW, dGain];
    },
  });
  return y;
}
