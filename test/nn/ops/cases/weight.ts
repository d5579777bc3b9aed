import {
  weightStandardize as weightStandardizeTwin,
  weightStandardizeBackward as weightStandardizeTwinGrad,
} from '../../../../src/nn/twins/weight.js';
import type { Tensor } from '../../../../src/nn/index.js';
import { weightStandardize } from '../../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from '../case.js';
import { spread } from '../fill.js';
import { pretend } from '../../../helpers/pretend.js';

function standardize(name: string, shape: number[], offset: number, lowLimit?: number): OpCase {
  const uniform = spread(0.5);
  return {
    name: `weightStandardize ${shape.join('x')}${name}`,
    inputs: {
      w: { shape, fill: (random, i) => offset + uniform(random, i) },
      gain: { shape: [shape[0] as number], fill: (random) => 0.5 + random() },
    },
    ...(lowLimit === undefined ? {} : { lowLimit }),
    rtol: 1e-5,
    atol: 2e-6,
    gradRtol: 5e-5,
    gradAtol: 5e-6,
    run: ({ w, gain }) => weightStandardize(w as Tensor, gain as Tensor),
    twin: ({ w, gain }) => weightStandardizeTwin(w as TwinArray, gain as TwinArray),
    twinGrad: ({ w, gain }, dY) => weightStandardizeTwinGrad(w as TwinArray, gain as TwinArray, dY),
  };
}

/** The same on an adapter without lane kernels: workgroups sum the rows. */
function withoutLanes(made: OpCase): OpCase {
  const run: OpCase['run'] = (tensors, device) => {
    const lanes = device.subgroupSize;
    pretend(device, { subgroupSize: 0 });
    try {
      return made.run(tensors, device);
    } finally {
      pretend(device, { subgroupSize: lanes });
    }
  };
  return { ...made, run };
}

export const cases: OpCase[] = [
  standardize('', [2, 3, 3, 3], 0),
  standardize('', [5, 7, 1, 1], 0),
  standardize('', [3, 130], 0),
  standardize('', [70, 4, 3, 3], 0.1),
  standardize(' far from zero', [4, 64, 3, 3], 3),
  standardize(' in windows', [9, 50], 0, 1024),
  standardize(' rows of one', [3, 1], 0),
  withoutLanes(standardize(' without lanes', [70, 4, 3, 3], 0.1)),
  withoutLanes(standardize(' without lanes, in windows', [9, 50], 0, 1024)),
];
