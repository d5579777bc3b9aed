import { expect } from 'chai';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { checkSources } from '../../../src/aofd/train/sources.node.js';
import { TempFolder } from './fixtures.js';

describe('data/sources of a run', () => {
  let temp: TempFolder;
  before(() => {
    temp = new TempFolder();
    temp.write('facecount/train_bbx_gt.txt', '');
    temp.write('facecount/images/readme.txt', '');
  });
  after(() => temp.remove());

  function config(last: Record<string, number>): ReturnType<typeof presetConfig> {
    const made = presetConfig('lite');
    made.data.root = temp.root;
    made.train.validation = null;
    const [first, , third] = made.stages;
    if (!first || !third) throw new Error('lite has three stages');
    made.stages = [
      { ...first, data: { facecount: 1 } },
      { ...third, data: last },
    ];
    return made;
  }

  it('finds what a late stage lacks before the first one starts', () => {
    checkSources(config({ facecount: 1 }));
    const broken = config({ masked: 1 });
    expect(() => checkSources(broken)).to.throw(/train\.json: not found.*"masked".*data\.root/);
    (broken.stages[1] as { steps: number }).steps = 0;
    checkSources(broken);
    const validated = config({ facecount: 1 });
    validated.train.validation = { source: 'masked-val', limit: 1 };
    expect(() => checkSources(validated)).to.throw(/val\.json: not found/);
  });

  it('refuses to train on FDDB', () => {
    const fddb = config({ folds: 1 });
    fddb.data.sources['folds'] = { kind: 'fddb', list: 'folds' };
    expect(() => checkSources(fddb)).to.throw(/stage "stage2".*FDDB.*evaluation set/);
  });
});
