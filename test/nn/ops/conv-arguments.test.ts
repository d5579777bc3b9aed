import { expect } from 'chai';
import { conv2d, type Conv2dOptions } from '../../../src/nn/index.js';
import { FakeDevice } from '../../helpers/fake-device.js';

describe('conv2d arguments', () => {
  let device: FakeDevice;
  beforeEach(() => {
    device = new FakeDevice();
  });
  afterEach(() => device.destroyAsync());

  const run =
    (options: Conv2dOptions, channels = 4) =>
    (): void => {
      using _scope = device.scope();
      const x = device.zeros([1, channels, 5, 5], { layout: 'c4' });
      conv2d(x, device.zeros([8, 4, 3, 3]), null, options);
    };

  it('must be whole numbers in range', () => {
    expect(run({ stride: 0 })).to.throw(/stride must be a whole number of at least 1, got 0/);
    expect(run({ stride: 1.5 })).to.throw(/stride/);
    expect(run({ pad: -1 })).to.throw(/pad must be a whole number of at least 0, got -1/);
    expect(run({ dilation: NaN })).to.throw(/dilation/);
  });

  it('must fit each other', () => {
    expect(run({}, 3)).to.throw(/weight has 4 input channels, input has 3 \(input 1x3x5x5/);
    expect(run({ dilation: 3 })).to.throw(/smaller than the kernel/);
  });

  it('the algorithm of the environment must exist', () => {
    const { platform } = device.context;
    const before = platform.env;
    platform.env = (name) => (name === 'AOFD_ALGORITHM' ? 'fast' : undefined);
    try {
      expect(run({})).to.throw(/AOFD_ALGORITHM is "fast".*Fix: .*naive.*lanes.*winograd2/);
    } finally {
      platform.env = before;
    }
  });
});
