import { NnError } from '../../errors.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { elementwise } from '../common.js';
import { extentOf, requireBoxes, requireCount, type Corners } from './checks.js';

/** ln(1000 / 16): the usual cap on dw and dh (J3, docs/spec.md 1.6). */
const defaultLogCap = Math.log(1000 / 16);

export interface GridAnchorsOptions {
  /** Cells of the feature map. */
  height: number;
  width: number;
  /** Pixels per cell. */
  stride: number;
}

/**
 * Repeats base anchors (row [A,4], pixels) over a feature map (docs/spec.md 1.4): row [H*W*A, 4],
 * order y, x, anchor; cell (y, x) adds stride * (x, y, x, y). No gradient.
 */
export function gridAnchors(base: Tensor, { height, width, stride }: GridAnchorsOptions): Tensor {
  const anchors = requireBoxes('gridAnchors', 'base', base);
  requireCount('gridAnchors', 'height', height);
  requireCount('gridAnchors', 'width', width);
  const y = base.device.empty([height * width * anchors, 4]);
  elementwise({
    kernel: 'detect/grid_anchors',
    tensors: { y },
    whole: { base },
    params: (start) => ({ start, anchors, width, stride }),
  });
  return y;
}

export interface DecodeBoxesOptions {
  /** Default `inclusive`. */
  corners?: Corners;
  /** Standard deviations that dx, dy, dw, dh were divided by; default all 1. */
  stds?: readonly number[];
  /** Cap of dw and dh before exp; default ln(1000 / 16) (J3). */
  maxLogRatio?: number;
  /** Limits the result to an image of this size, as {@link clipBoxes} does. */
  clip?: { width: number; height: number };
}

/**
 * Boxes from sources (row [R,4], pixels) and their box code (row [R,4]: dx, dy, dw, dh), row [R,4]
 * (docs/spec.md 1.6). With inclusive corners zero deltas on [0, 0, 15, 15] give [0, 0, 16, 16]:
 * py-faster-rcnn's habit, kept. No gradient.
 */
export function decodeBoxes(
  sources: Tensor,
  deltas: Tensor,
  options: DecodeBoxesOptions = {},
): Tensor {
  const rows = requireBoxes('decodeBoxes', 'sources', sources);
  if (requireBoxes('decodeBoxes', 'deltas', deltas) !== rows) {
    throw new NnError(
      'shape',
      `decodeBoxes: sources ${formatShape(sources.shape)} and deltas ${formatShape(deltas.shape)} must have the same rows.`,
    );
  }
  const { corners = 'inclusive', stds = [1, 1, 1, 1], maxLogRatio = defaultLogCap, clip } = options;
  const extent = extentOf(corners);
  const y = sources.device.empty([rows, 4]);
  elementwise({
    kernel: 'detect/decode_boxes',
    defines: { CLIP: clip !== undefined },
    tensors: { source: sources, delta: deltas, y },
    params: () => ({
      extent,
      cap: maxLogRatio,
      limit_x: (clip?.width ?? 0) - extent,
      limit_y: (clip?.height ?? 0) - extent,
      std_x: stds[0] ?? 1,
      std_y: stds[1] ?? 1,
      std_w: stds[2] ?? 1,
      std_h: stds[3] ?? 1,
    }),
  });
  return y;
}

/**
 * Boxes (row [R,4]) limited to the image: x to [0, width - 1], y to [0, height - 1] (docs/spec.md
 * 1.6); to width and height with continuous corners. No gradient.
 */
export function clipBoxes(
  boxes: Tensor,
  size: { width: number; height: number },
  corners: Corners = 'inclusive',
): Tensor {
  const rows = requireBoxes('clipBoxes', 'boxes', boxes);
  const extent = extentOf(corners);
  const y = boxes.device.empty([rows, 4]);
  elementwise({
    kernel: 'detect/clip_boxes',
    tensors: { x: boxes, y },
    params: () => ({ limit_x: size.width - extent, limit_y: size.height - extent }),
  });
  return y;
}

/**
 * Intersection over union of every box of `a` (row [A,4]) with every box of `b` (row [B,4]): row
 * [A,B], 0 where two boxes part (docs/spec.md 1.6). No gradient.
 */
export function iouMatrix(a: Tensor, b: Tensor, corners: Corners = 'inclusive'): Tensor {
  const rows = requireBoxes('iouMatrix', 'a', a);
  const cols = requireBoxes('iouMatrix', 'b', b);
  const y = a.device.empty([rows, cols]);
  elementwise({
    kernel: 'detect/iou_matrix',
    tensors: { y },
    whole: { a, b },
    params: (start) => ({ start, cols, extent: extentOf(corners) }),
  });
  return y;
}
