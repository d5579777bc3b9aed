import { expect } from 'chai';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { rpnLosses } from '../../../src/aofd/train/losses/index.js';
import { Device } from '../../../src/nn/index.js';

describe('losses of the RPN', () => {
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  it('judge the boxes that the proposal layer decodes, with its cap of width and height', async () => {
    using _scope = device.scope();
    // Anchor 0 is a face, its box e times as wide; anchor 1 background; anchor 2 is not used.
    const rpn = {
      classLogits: device.tensor(new Float32Array(6), [3, 2]),
      boxDeltas: device.tensor(Float32Array.of(0, 0, 1, 0, 3, 3, 3, 3, 3, 3, 3, 3), [3, 4]),
      counts: [3],
    };
    const sampled = {
      rows: Int32Array.of(0, 1, 2),
      labels: Int32Array.of(1, 0, -1),
      targets: new Float32Array(12),
      positives: 1,
      isAll: true,
    };
    const lossesAsync = async (maxLogRatio: number): Promise<number[]> => {
      const config = resolveConfig({
        boxes: { maxLogRatio },
        loss: { score: 'quality', rpnBoxForm: 'giou' },
      });
      const losses = rpnLosses(device, rpn, sampled, config);
      expect(losses.map(({ name }) => name)).to.deep.equal(['rpnClass', 'rpnBox']);
      return Promise.all(losses.map(async ({ value }) => (await value.readAsync())[0] ?? NaN));
    };
    // One box in the other: IoU and GIoU are the ratio of their widths. Scores say 1/2 of both.
    for (const [cap, width] of [
      [4, Math.E],
      [Math.log(1.5), 1.5],
    ] as const) {
      const [rpnClass = NaN, rpnBox = NaN] = await lossesAsync(cap);
      expect(rpnBox).to.be.closeTo(1 - 1 / width, 1e-6);
      const want = Math.LN2 * ((1 / width - 0.5) ** 2 + 0.5 ** 2);
      expect(rpnClass).to.be.closeTo(want, 1e-6);
    }
  });
});
