import type { SampledRois } from '../../boxes/index.js';

/** RoIs of a whole batch, image after image. */
export interface BatchRois {
  /** [R*5] image, x1, y1, x2, y2. */
  rois: Float32Array;
  /** [R] 1 face, 0 background. */
  labels: Int32Array;
  /** [R*4] normalised box code. */
  targets: Float32Array;
  count: number;
  positives: number;
}

/** Joins the RoIs of all images; `positivesOnly` keeps faces alone (generator stage). */
export function joinRois(perImage: readonly SampledRois[], positivesOnly = false): BatchRois {
  const rows: number[] = [];
  const labels: number[] = [];
  const targets: number[] = [];
  perImage.forEach((rois, n) => {
    rois.labels.forEach((label, i) => {
      if (positivesOnly && label !== 1) return;
      rows.push(n, ...rois.boxes.subarray(4 * i, 4 * i + 4));
      labels.push(label);
      targets.push(...rois.targets.subarray(4 * i, 4 * i + 4));
    });
  });
  return {
    rois: Float32Array.from(rows),
    labels: Int32Array.from(labels),
    targets: Float32Array.from(targets),
    count: labels.length,
    positives: labels.filter((label) => label === 1).length,
  };
}

/** The same RoIs in another order. */
export function permuteRois(rois: BatchRois, order: Int32Array): BatchRois {
  const out: BatchRois = {
    ...rois,
    rois: new Float32Array(rois.rois.length),
    labels: new Int32Array(rois.labels.length),
    targets: new Float32Array(rois.targets.length),
  };
  order.forEach((from, to) => {
    out.rois.set(rois.rois.subarray(5 * from, 5 * from + 5), 5 * to);
    out.labels[to] = rois.labels[from] as number;
    out.targets.set(rois.targets.subarray(4 * from, 4 * from + 4), 4 * to);
  });
  return out;
}
