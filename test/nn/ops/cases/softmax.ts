import {
  softmax as softmaxTwin,
  softmaxBackward as softmaxTwinGrad,
} from '../../../../src/nn/twins/softmax.js';
import type { Tensor } from '../../../../src/nn/index.js';
import { softmax } from '../../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from '../case.js';
import { spread } from '../fill.js';

const shapes: [number, number][] = [
  [1, 1],
  [0, 4],
  [5, 2],
  [67, 2],
  [3, 91],
];

const rowSoftmax = (name: string, shape: [number, number], size: number): OpCase => ({
  name,
  inputs: { x: { shape, fill: spread(size) } },
  run: ({ x }) => softmax(x as Tensor),
  twin: ({ x }) => softmaxTwin(x as TwinArray),
  twinGrad: ({ x }, dY) => ({ x: softmaxTwinGrad(x as TwinArray, dY) }),
});

export const cases: OpCase[] = [
  ...shapes.map((s) => rowSoftmax(`softmax ${s.join('x')}`, s, 4)),
  rowSoftmax('softmax of large logits', [6, 3], 200),
  // Windows of 128, 128 and 44 rows of 12 bytes.
  { ...rowSoftmax('softmax in windows', [300, 3], 4), lowLimit: 1600 },
];
