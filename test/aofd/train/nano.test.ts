import { expect } from 'chai';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { Device } from '../../../src/nn/index.js';
import { tinyRunAsync } from '../../helpers/tiny-run.js';
import { side } from '../../helpers/training.js';

describe('training the nano preset', function () {
  this.timeout(120_000);
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  it('two updates of the joint stage move every part of the network, and losses stay finite', async () => {
    const config = resolveConfig({ preset: 'nano', input: { canvas: [side, side] } });
    const joint = config.stages.findIndex(({ kind }) => kind === 'joint');
    const one = await tinyRunAsync(device, config, joint, 1);
    const two = await tinyRunAsync(device, config, joint, 2);
    for (const losses of two.curve) {
      expect(Object.keys(losses)).to.include.members(['rpnClass', 'class', 'segmentation']);
      for (const [name, value] of Object.entries(losses)) {
        expect(Number.isFinite(value), name).to.equal(true);
      }
    }
    const parts = ['backbone.', 'rpn.', 'head.', 'segmentation.'];
    for (const part of parts) {
      const names = [...one.parameters.keys()].filter((name) => name.startsWith(part));
      expect(names, part).not.to.deep.equal([]);
      const moved = names.filter((name) => {
        const [a, b] = [one, two].map(({ parameters }) => parameters.get(name)!.data);
        return a!.some((value, i) => value !== b![i]);
      });
      expect(moved, part).to.have.length.above(names.length / 2);
    }
  });
});
