import { expect } from 'chai';
import { copy as copyTwin } from '../../../src/nn/twins/layout.js';
import { scale as scaleTwin } from '../../../src/nn/twins/elementwise.js';
import { grid1d, type Tensor } from '../../../src/nn/index.js';
import { scale } from '../../../src/nn/ops/index.js';
import type { OpCase, TwinArray } from './case.js';
import { spread } from './fill.js';
import { checkGradientAsync, checkParityAsync, checkTwinGradient } from './runner.js';
import { testDeviceAsync } from '../../helpers/device.js';

/** A correct case, of which each test spoils one thing. */
const good: OpCase = {
  name: 'double',
  inputs: { x: { shape: [3, 7], fill: spread() } },
  run: ({ x }) => scale(x as Tensor, 2),
  twin: ({ x }) => scaleTwin(x as TwinArray, 2),
  twinGrad: (_, dY) => ({ x: scaleTwin(dY, 2) }),
};

/** Scales `n` elements, more or fewer than x has, into a new tensor. */
function scaleCount(x: Tensor, n: number): Tensor {
  const y = x.device.empty(x.shape);
  x.device.dispatch({
    kernel: 'elementwise/scale',
    bindings: { x, y },
    params: { n, factor: 2 },
    workgroups: grid1d(n),
  });
  return y;
}

/** Writes 22 zeros into a tensor of 21. */
function zerosPastEnd(x: Tensor): Tensor {
  const { device } = x;
  const y = device.empty(x.shape);
  device.dispatch({
    kernel: 'elementwise/scale',
    bindings: { x: device.tensor(new Float32Array(22), [22]), y },
    params: { n: 22, factor: 2 },
    workgroups: grid1d(22),
  });
  return y;
}

async function failureOf(body: () => Promise<void> | void): Promise<string> {
  try {
    await body();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no failure';
}

// The runner itself: does it see what it is there to see?
describe('case runner', () => {
  it('accepts a correct operation', async () => {
    const device = await testDeviceAsync();
    await checkParityAsync(device, good);
    await checkGradientAsync(device, good);
    checkTwinGradient(good);
  });

  it('sees a wrong value and says where', async () => {
    const device = await testDeviceAsync();
    const bad: OpCase = { ...good, run: ({ x }) => scale(x as Tensor, 2.001) };
    expect(await failureOf(() => checkParityAsync(device, bad))).to.match(
      /21 of 21 elements differ.*worst at \[\d,\d\]: expected .*max abs error/,
    );
  });

  it('sees an element that is never written', async () => {
    const device = await testDeviceAsync();
    const bad: OpCase = { ...good, run: ({ x }) => scaleCount(x as Tensor, 20) };
    expect(await failureOf(() => checkParityAsync(device, bad))).to.match(/1 of 21 .* got NaN/);
  });

  it('sees a write past the end', async () => {
    const device = await testDeviceAsync();
    const bad: OpCase = {
      ...good,
      inputs: { x: { shape: [3, 7], fill: () => 0 } },
      run: ({ x }) => zerosPastEnd(x as Tensor),
    };
    expect(await failureOf(() => checkParityAsync(device, bad))).to.match(/past the end/);
  });

  it('sees a wrong gradient and a wrong twin gradient', async () => {
    const device = await testDeviceAsync();
    const bad: OpCase = { ...good, twinGrad: (_, dY) => ({ x: copyTwin(dY) }) };
    expect(await failureOf(() => checkGradientAsync(device, bad))).to.match(/gradient of x/);
    expect(await failureOf(() => checkTwinGradient(bad))).to.match(/finite differences/);
  });

  it('sees a leak', async () => {
    const device = await testDeviceAsync();
    let left: Tensor | null = null;
    const bad: OpCase = {
      ...good,
      run: (t, d) => {
        left = d.release(d.zeros([4], { name: 'forgotten' }));
        return good.run(t, d);
      },
    };
    expect(await failureOf(() => checkParityAsync(device, bad))).to.match(/leaked.*forgotten/);
    (left as Tensor | null)?.dispose();
  });

  it('sees a binding over the limit', async () => {
    const device = await testDeviceAsync();
    const bad: OpCase = {
      ...good,
      inputs: { x: { shape: [300], fill: spread() } },
      run: ({ x }) => scaleCount(x as Tensor, 300),
    };
    expect(await failureOf(() => checkParityAsync(device, bad, 1024))).to.match(/over the limit/);
  });
});
