import { expect } from 'chai';
import { randomData } from '../../../bench/cases/data.js';
import * as reference from '../../../bench/cases/reference.js';
import { conv2d, conv2dBackward } from '../../../src/nn/twins/conv.js';
import { linear, linearBackward } from '../../../src/nn/twins/linear.js';
import { nd } from '../../../src/nn/twins/nd.js';
import { maxPool2d } from '../../../src/nn/twins/pool.js';
import { softmax as softmaxTwin } from '../../../src/nn/twins/softmax.js';
import { upsampleBilinear } from '../../../src/nn/twins/upsample.js';

describe('bench: references', () => {
  it('convolutions agree with the twin of the kernels, forward and both gradients', () => {
    const s = { c: 3, o: 2, h: 5, w: 4 };
    const x = nd([1, s.c, s.h, s.w], randomData(60, 1));
    const weight = nd([s.o, s.c, 3, 3], randomData(54, 2));
    const bias = nd([s.o], randomData(2, 3));
    const dY = nd([1, s.o, s.h, s.w], randomData(40, 4));
    const forward = conv2d(x, weight, bias, { pad: 1, relu: true }).data;
    const grads = conv2dBackward(x, weight, null, { pad: 1 }, dY);
    forward.forEach((v, i) =>
      expect(reference.convAt(x.data, weight.data, bias.data, s, i, true)).to.be.closeTo(v, 1e-12),
    );
    grads.x.data.forEach((v, i) =>
      expect(reference.convInputGradientAt(dY.data, weight.data, s, i)).to.be.closeTo(v, 1e-12),
    );
    grads.weight.data.forEach((v, i) =>
      expect(reference.convWeightGradientAt(x.data, dY.data, s, i)).to.be.closeTo(v, 1e-12),
    );
  });

  it('linear layers, pools, softmax and upsampling agree with theirs', () => {
    const s = { rows: 3, inputs: 5, outputs: 4 };
    const x = nd([3, 5], randomData(15, 1));
    const weight = nd([4, 5], randomData(20, 2));
    const dY = nd([3, 4], randomData(12, 3));
    const all = { x: x.data, weight: weight.data, dY: dY.data };
    const grads = linearBackward(x, weight, null, false, dY);
    for (const [pass, twin] of [
      ['forward', linear(x, weight, null)],
      ['inputGradient', grads.x],
      ['weightGradient', grads.weight],
    ] as const) {
      twin.data.forEach((v, i) =>
        expect(reference.linearAt(pass, all, s, i), pass).to.be.closeTo(v, 1e-12),
      );
    }
    const map = nd([1, 2, 4, 6], randomData(48, 5));
    maxPool2d(map, true).data.forEach((v, i) =>
      expect(reference.maxPoolAt(map.data, 4, 6, i)).to.equal(v),
    );
    upsampleBilinear(map, 2, [8, 12]).data.forEach((v, i) =>
      expect(reference.upsample2At(map.data, 4, 6, i)).to.be.closeTo(v, 1e-12),
    );
    softmaxTwin(x).data.forEach((v, i) =>
      expect(reference.softmaxAt(x.data, 5, i)).to.be.closeTo(v, 1e-12),
    );
  });
});
