import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf } from '../kernel/windows.js';
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
  const rowBytes = fan * 4;
  const limit = device.context.bindingLimit;
  const windows = windowsOf(rows, { unitBytes: rowBytes, limit, unit: 'row of weights' });
  if (fan > 0) {
    for (const window of windows) {
      const from = bind(w.buffer, rowBytes, window);
      device.dispatch({
        kernel: 'weight/standardize',
        defines: { LANES: lanes },
        bindings: { w: from, gain, y: bind(y.buffer, rowBytes, window), stats },
        params: { rows: window.count, fan, start: window.start, base: from.base },
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
          const { start, count } = window;
          const from = bind(w.buffer, rowBytes, window);
          device.dispatch({
            kernel: 'weight/standardize_backward',
            defines: { LANES: lanes },
            bindings: {
              w: from,
              gain,
              stats,
              dY: bind(dY.buffer, rowBytes, window),
              dW: bind(dW.buffer, rowBytes, window),
              dGain,
            },
            params: { rows: count, fan, start, base: from.base },
            workgroups: grid(count),
          });
        }
      }
      return [dW, dGain];
    },
  });
  return y;
}
