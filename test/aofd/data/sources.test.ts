import { expect } from 'chai';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { checkSources, loadSource } from '../../../src/aofd/train/run/sources.js';
import { gradientImage, pngOf } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('data/sources of a run', () => {
  const at = useSuiteFolder();
  before(() => {
    at.write('facecount/train_bbx_gt.txt', '');
    at.write('facecount/images/readme.txt', '');
  });

  function config(last: Record<string, number>): ReturnType<typeof presetConfig> {
    const made = presetConfig('lite');
    made.data.root = at();
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

  it('cuts what a set draws too much from its boxes', () => {
    at.write('facecount/a.png', pngOf(gradientImage(200, 150)));
    at.write('facecount/one.txt', 'a.png\n1\n100 50 20 40 0 0 0 0 0 0\n');
    const made = config({ facecount: 1 });
    const source = { kind: 'wider' as const, list: 'facecount/one.txt', images: 'facecount' };
    made.data.sources['plain'] = source;
    made.data.sources['cut'] = { ...source, trim: [0.1, -0.25, 0, 0.05] };
    expect(loadSource(made, 'plain')[0]?.faces[0]?.box).to.deep.equal([100, 50, 119, 89]);
    const box = loadSource(made, 'cut')[0]?.faces[0]?.box as number[];
    [102, 40, 119, 87].forEach((want, i) => expect(box[i]).to.be.closeTo(want, 1e-9));
    // The size that is judged is that after the cut.
    made.data.sources['cut'] = { ...source, trim: [0.3, 0, 0.3, 0] };
    made.data.minFacePx = 10;
    expect(loadSource(made, 'cut')[0]?.faces[0]?.ignore).to.equal(true);
  });

  it('refuses to train on FDDB', () => {
    const fddb = config({ folds: 1 });
    fddb.data.sources['folds'] = { kind: 'fddb', list: 'folds' };
    expect(() => checkSources(fddb)).to.throw(/stage "stage2".*FDDB.*evaluation set/);
  });
});
