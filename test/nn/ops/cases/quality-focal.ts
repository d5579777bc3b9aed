import {
  codedIou as codedIouTwin,
  qualityFocalLoss as qualityFocalTwin,
  qualityFocalLossBackward as qualityFocalTwinGrad,
} from '../../../../src/nn/twins/quality-focal.js';
import { codedIou, qualityFocalLoss } from '../../../../src/nn/ops/box-loss.js';
import type { OpCase } from '../case.js';
import { oneOf, spread } from '../fill.js';

function focal(
  n: number,
  options: { beta?: number; divisor?: number; logits?: number; note?: string } = {},
): OpCase {
  const { beta = 2, divisor = 1, logits = 4, note = '' } = options;
  return {
    name: `qualityFocalLoss ${n} rows, beta ${beta}, divisor ${divisor}${note}`,
    inputs: {
      x: { shape: [n, 2], fill: spread(logits) },
      goal: { shape: [n], grad: false, fill: oneOf(0, 0, 0.31, 0.87, 1, -1) },
    },
    // A goal that p meets exactly has a kink for beta 1; random logits do not.
    run: ({ x, goal }) => qualityFocalLoss(x!, goal!, { beta, divisor }),
    twin: ({ x, goal }) => qualityFocalTwin(x!, goal!, beta, 1 / divisor),
    twinGrad: ({ x, goal }, dY) => ({ x: qualityFocalTwinGrad(x!, goal!, beta, 1 / divisor, dY) }),
    // pow of a small number is good to some 1e-5 of itself on software adapters.
    gradRtol: 1e-4,
    rtol: 2e-5,
  };
}

const stds = [0.1, 0.1, 0.2, 0.2];

function iou(n: number, spreadOf: number): OpCase {
  const cap = Math.log(1000 / 16);
  return {
    name: `codedIou ${n} rows, codes within ${spreadOf}`,
    inputs: {
      pred: { shape: [n, 4], fill: spread(spreadOf), grad: false },
      goal: { shape: [n, 4], fill: spread(spreadOf), grad: false },
      labels: { shape: [n], dtype: 'i32', fill: oneOf(1, 1, 0, -1) },
    },
    run: ({ pred, goal, labels }) => codedIou(pred!, goal!, labels!, { stds, maxLogRatio: cap }),
    twin: ({ pred, goal, labels }) => codedIouTwin(pred!, goal!, labels!, stds, cap),
  };
}

export const cases: OpCase[] = [
  focal(131),
  focal(7, { divisor: 3 }),
  focal(1),
  focal(0),
  focal(64, { beta: 1 }),
  focal(50, { beta: 1.5 }),
  focal(40, { logits: 30, note: ', saturated' }),
  iou(150, 3),
  iou(33, 30),
  iou(0, 1),
];
