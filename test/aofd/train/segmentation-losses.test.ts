import { expect } from 'chai';
import { resolveConfig } from '../../../src/aofd/config/index.js';
import { ConfigError } from '../../../src/aofd/errors.js';
import { packLabel } from '../../../src/aofd/data/region-labels.js';
import { segmentationLoss } from '../../../src/aofd/train/losses/index.js';
import { Device } from '../../../src/nn/index.js';
import { rejectionAsync } from '../../helpers/rejection.js';

describe('losses of the segmentation branch', () => {
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  const lossesAsync = async (
    output: 'covered' | 'region-visible',
    loss: object,
  ): Promise<Record<string, [value: number, weight: number]>> => {
    using _scope = device.scope();
    const config = resolveConfig({
      preset: 'lite',
      model: { segmentation: { output } },
      loss: { segReduction: 'mean', ...loss },
    });
    // P(region) = .5 everywhere, P(visible) = .5: covered with .25. Of four pixels one is covered.
    const logits = device.tensor(new Float32Array(8), [1, 2, 2, 2], { layout: 'c4' });
    const labels = Uint32Array.of(packLabel(1, 0), packLabel(1, 1), packLabel(0, 0), 255);
    const known = output === 'covered' ? Uint32Array.of(1, 0, 0, 255) : labels;
    const losses = segmentationLoss(device, logits, known, config, 0.5);
    const read = losses.map(async ({ name, value, weight }) => {
      return [name, [(await value.readAsync())[0]!, weight]] as const;
    });
    return Object.fromEntries(await Promise.all(read)) as Record<string, [number, number]>;
  };

  it('is the cross-entropy alone where no Dice loss is asked for', async () => {
    const alone = await lossesAsync('region-visible', {});
    expect(alone).to.have.all.keys('segmentation');
    expect(alone['segmentation']![0]).to.be.closeTo(Math.LN2, 1e-6);
    expect(alone['segmentation']![1]).to.equal(0.5);
    expect(await lossesAsync('covered', {})).to.have.all.keys('segmentation');
    const refused = await rejectionAsync(lossesAsync('covered', { segDice: 2 }), ConfigError);
    expect(refused.message).to.include('loss.segDice');
  });

  it('adds the Dice loss of what is covered with its weight', async () => {
    const both = await lossesAsync('region-visible', { segDice: 2 });
    expect(both).to.have.all.keys('segmentation', 'segDice');
    // Three known pixels: p = .25 each, one of them covered.
    const [value, weight] = both['segDice']!;
    expect(value).to.be.closeTo(1 - (2 * 0.25 + 1) / (0.75 + 1 + 1), 1e-6);
    expect(weight).to.equal(1);
  });
});
