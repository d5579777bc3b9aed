import { record } from '../autograd/tape.js';
import { grid1d } from '../kernel/dispatch.js';
import { bind, windowsOf, type Window } from '../kernel/windows.js';
import { dims4 } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { emptyLike, requireC4, requireShape } from './common.js';
import { requireDType, stridedParts } from './loss.js';
import { columnSums } from './reduce.js';

/**
 * Dice loss (Milletari et al., V-Net, 2016) of what is in the first of two maps and not in the second: with
 * p = sigmoid(a)·(1 − sigmoid(b)) of logits c4 [N, 2, H, W] and its goal t, the mean over the images in which t is 1
 * somewhere of 1 − (2 Σpt + 1) / (Σp + Σt + 1); 0 without such an image. As a scalar [1], differentiable in the logits.
 * However little of a picture is covered, it weighs the same as a picture that is covered all over.
 *
 * @param labels u32 [N, H, W], two bits a map as `sigmoidBceMap` has them, each 0, 1 or unknown (2, 3): t is 1 for (1, 0), 0
 *   where the first is 0 or the second 1, else unknown, and such a pixel counts nowhere
 */
export function coverDice(logits: Tensor, labels: Tensor): Tensor {
  const op = 'coverDice';
  requireC4(op, 'logits', logits);
  const [images, , h, w] = dims4(logits.shape);
  requireShape(op, 'logits', logits, [images, 2, h, w]);
  requireShape(op, 'labels', labels, [images, h, w]);
  requireDType(op, 'labels', labels, 'u32');
  const { device } = logits;
  const windows = imageWindows(logits);
  const sums = sumsOf(logits, labels, windows);
  const y = device.empty([1]);
  const slopes = device.empty([Math.max(1, images), 2]);
  device.dispatch({
    kernel: 'loss/cover_dice_finish',
    bindings: { sums, y, slopes },
    params: { images },
    workgroups: [1],
  });
  sums.dispose();
  record({
    op,
    inputs: [logits],
    outputs: [y],
    backward: ([dY]) => {
      if (!dY) return [null];
      const dX = emptyLike(logits);
      windows.forEach((ofImage, image) => {
        for (const window of ofImage) {
          const x = bind(logits.buffer, 16, window);
          const label = bind(labels.buffer, 4, window);
          device.dispatch({
            kernel: 'loss/cover_dice_backward',
            bindings: { x, dX: bind(dX.buffer, 16, window), labels: label, slopes, dY },
            params: { pixels: window.count, image, x_base: x.base, label_base: label.base },
            workgroups: grid1d(window.count),
          });
        }
      });
      return [dX];
    },
  });
  return y;
}

/** (Σ p t, Σ p, Σ t) of each image: [3 N]. */
function sumsOf(logits: Tensor, labels: Tensor, windows: readonly Window[][]): Tensor {
  const { device } = logits;
  const columns = 3 * Math.max(1, windows.length);
  const partsOf = (ofImage: readonly Window[]): number =>
    ofImage.reduce((total, { count }) => total + stridedParts(count), 0);
  const partial = device.empty([windows[0] ? partsOf(windows[0]) : 0, columns]);
  windows.forEach((ofImage, image) => {
    let row = 0;
    for (const window of ofImage) {
      const x = bind(logits.buffer, 16, window);
      const label = bind(labels.buffer, 4, window);
      const parts = stridedParts(window.count);
      device.dispatch({
        kernel: 'loss/cover_dice',
        bindings: { x, labels: label, stats: partial },
        params: {
          n: parts,
          pixels: window.count,
          columns,
          x_base: x.base,
          label_base: label.base,
          stat_base: row * columns + 3 * image,
        },
        workgroups: grid1d(parts),
      });
      row += parts;
    }
  });
  const sums = columnSums(partial);
  partial.dispose();
  return sums;
}

/** Windows over the pixels of each image; blocks of 1024, so that every partial sum is that of the whole. */
function imageWindows(logits: Tensor): Window[][] {
  const [images, , h, w] = dims4(logits.shape);
  const pixels = h * w;
  const rules = {
    unitBytes: 16,
    // An image need not begin where a binding may: up to so many bytes of the one before are bound too.
    limit: logits.device.context.bindingLimit - 256,
    step: 1024,
    unit: 'pixel',
  };
  return Array.from({ length: images }, (_, image) =>
    windowsOf(pixels, rules).map(({ start, count }) => ({ start: image * pixels + start, count })),
  );
}
