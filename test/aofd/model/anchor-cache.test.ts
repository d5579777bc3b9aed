import { expect } from 'chai';
import { makeAnchors } from '../../../src/aofd/boxes/anchors.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { AnchorCache, AofdModel } from '../../../src/aofd/model/index.js';

describe('AnchorCache', () => {
  const { model: settings } = presetConfig('lite');
  const model = new AofdModel(settings);

  it('gives the anchors of an input size, the same ones again, and forgets the oldest', () => {
    const cache = new AnchorCache(model, 'continuous');
    const first = cache.get({ height: 64, width: 96 });
    const sizes = model.anchorMapSizes(64, 96);
    expect(first).to.deep.equal(makeAnchors(settings.levels, sizes, 'continuous'));
    expect(cache.get({ height: 64, width: 96 })).to.equal(first);
    for (let i = 1; i <= 7; i++) cache.get({ height: 64, width: 96 + 32 * i });
    expect(cache.get({ height: 64, width: 96 })).to.equal(first);
    cache.get({ height: 32, width: 32 });
    const again = cache.get({ height: 64, width: 96 });
    expect(again).not.to.equal(first);
    expect(again).to.deep.equal(first);
  });
});
