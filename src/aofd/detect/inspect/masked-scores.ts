/** The paper's question put to a trained head: how much worse does it see a face whose features are hidden? */
import { NnError } from '../../../nn/index.js';
import { faceProbabilities } from '../../boxes/index.js';
import { withoutGrad } from '../../model/index.js';
import type { Network } from '../network.js';

/** Pooled features of one RoI, as `inspectAsync` gives them in rows of `pooled`. */
export interface PooledFace {
  /** [C * cells], channel by channel. */
  data: ArrayLike<number>;
  channels: number;
}

/**
 * The head's face probability for one RoI under each of some masks: what a mask hides is 0 for the head, as in
 * training (docs/spec.md 3.2). Boxes play no part.
 *
 * @param masks [cells] each, 1 keeps and 0 hides a cell of the `roiSize` x `roiSize` grid
 * @returns one probability per mask, 0..1
 * @throws NnError `shape` where features or masks do not have the network's size
 */
export async function maskedScoresAsync(
  { config, model, params }: Network,
  face: PooledFace,
  masks: readonly ArrayLike<number>[],
): Promise<Float64Array> {
  const side = config.model.roiSize;
  const cells = side * side;
  const { data, channels } = face;
  const wrong = masks.find((mask) => mask.length !== cells);
  if (data.length !== channels * cells || wrong) {
    throw new NnError(
      'shape',
      `masked scores: expected ${channels * cells} features and masks of ${cells} cells, got ${data.length} and ${wrong?.length ?? cells}.`,
      { fix: 'pass one row of "pooled" and masks of the same grid.' },
    );
  }
  if (masks.length === 0) return new Float64Array(0);
  const rows = new Float32Array(masks.length * channels * cells);
  masks.forEach((mask, r) => {
    for (let i = 0; i < channels * cells; i++) {
      rows[r * channels * cells + i] = data[i]! * mask[i % cells]!;
    }
  });
  const { device } = params;
  const reading = (() => {
    using _scope = device.scope();
    return withoutGrad(device, () => {
      const pooled = device.tensor(rows, [masks.length, channels, side, side], { layout: 'c4' });
      return model.head.forward(params, pooled).classLogits.readAsync('masked scores');
    });
  })();
  return Float64Array.from(faceProbabilities((await reading) as Float32Array));
}
