import { record } from '../autograd/tape.js';
import { NnError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { expectRow } from './map-kernel.js';

export interface CompactLossOptions {
  /**
   * `relu` (default): sum of ReLU(o * k), under which scattered masks cost more. `literal`: the
   * plain sum of Eq. 3, which cannot see arrangement; for ablation only (docs/spec.md 3.4).
   */
  mode?: 'relu' | 'literal';
}

/**
 * Compact loss: occlusion row [R, H, W] (1 = masked) to a scalar [1], the sum over all maps and
 * cells of the response to the 3x3 kernel with centre 1 and others -1/8, zero padding.
 */
export function compactLoss(occlusion: Tensor, { mode = 'relu' }: CompactLossOptions = {}): Tensor {
  const [rows = 0, h = 0, w = 0] = occlusion.shape;
  expectRow('compactLoss', 'occlusion', occlusion, [rows, h, w]);
  if (rows > 65535) throw new NnError('shape', `compactLoss: at most 65535 maps, got ${rows}.`);
  const { device } = occlusion;
  const defines = { RELU: mode === 'relu' };
  const workgroups = [Math.ceil((h * w) / 64), rows] as const;
  const response = device.empty(occlusion.shape);
  device.dispatch({
    kernel: 'mask/compact_response',
    bindings: { o: occlusion, response },
    params: { h, w },
    workgroups,
  });
  const total = device.empty([1]);
  device.dispatch({
    kernel: 'mask/compact_sum',
    defines,
    bindings: { response, total },
    params: { n: response.size },
    workgroups: [1],
  });
  record({
    op: 'compactLoss',
    inputs: [occlusion],
    outputs: [total],
    backward: ([dL]) => {
      if (!dL) return [null];
      const dO = device.empty(occlusion.shape);
      device.dispatch({
        kernel: 'mask/compact_backward',
        defines,
        bindings: { response, dL, dO },
        params: { h, w },
        workgroups,
      });
      return [dO];
    },
  });
  return total;
}
