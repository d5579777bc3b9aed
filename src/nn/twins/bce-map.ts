import { at, logistic, nd, nd4, type TwinArray } from './nd.js';

export interface BceMapTwinOptions {
  rare?: number;
  rareWeight?: number;
  reduction?: 'sum' | 'mean';
}

/** Calls `visit` for each known (pixel, class): its place in x, its goal and its weight. */
function eachKnown(
  x: TwinArray,
  labels: TwinArray,
  { rare = 0xffffffff, rareWeight = 1 }: BceMapTwinOptions,
  visit: (place: number, goal: number, weight: number) => void,
): void {
  const [n, k, h, w] = nd4(x);
  const hw = h * w;
  for (let p = 0; p < n * hw; p++) {
    const label = at(labels, p);
    for (let j = 0; j < k; j++) {
      const goal = Math.floor(label / 4 ** j) % 4;
      if (goal > 1) continue;
      visit((Math.floor(p / hw) * k + j) * hw + (p % hw), goal, label === rare ? rareWeight : 1);
    }
  }
}

function divisor(x: TwinArray, labels: TwinArray, options: BceMapTwinOptions): number {
  if (options.reduction === 'sum') return 1;
  let total = 0;
  eachKnown(x, labels, options, (_, __, weight) => (total += weight));
  return Math.max(1, total);
}

/** Binary cross-entropy of [N, K, H, W] against packed labels [N, H, W], as [1]. */
export function sigmoidBceMap(
  x: TwinArray,
  labels: TwinArray,
  options: BceMapTwinOptions = {},
): TwinArray {
  let total = 0;
  eachKnown(x, labels, options, (place, goal, weight) => {
    const v = at(x, place);
    total += weight * (Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))) - goal * v);
  });
  return nd([1], [total / divisor(x, labels, options)]);
}

export function sigmoidBceMapBackward(
  x: TwinArray,
  labels: TwinArray,
  options: BceMapTwinOptions,
  dY: TwinArray,
): TwinArray {
  const dX = nd(x.shape);
  const g = at(dY, 0) / divisor(x, labels, options);
  eachKnown(x, labels, options, (place, goal, weight) => {
    dX.data[place] = g * weight * (logistic(at(x, place)) - goal);
  });
  return dX;
}
