import { expect } from 'chai';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../../../src/aofd/errors.js';
import { loadSetsAsync } from '../../../src/aofd/study/facts.js';
import { loadStudy } from '../../../src/aofd/study/load.js';
import { openStudyAsync } from '../../../src/aofd/study/open.js';
import { rejectionAsync, thrownBy } from '../../helpers/rejection.js';
import { tinyStudy, writeStudy } from '../../helpers/study.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

type Json = Record<string, unknown>;

describe('study files', () => {
  const at = useTempFolder();

  /** The error of a study that was changed in one place. */
  function errorOf(change: (study: Json) => void): ConfigError {
    const study = tinyStudy();
    change(study);
    return thrownBy(() => loadStudy(writeStudy(at(), study)), ConfigError);
  }

  const list = (study: Json, key: string): Json[] => study[key] as Json[];

  it('are refused with file, place and what to do', () => {
    const cases: [(study: Json) => void, RegExp][] = [
      [
        (study) => Object.assign(list(study, 'claims')[0]!, { better: 'ful' }),
        /study\.json: claims\.masks\.better: there is no setting "ful"\. Fix: use one of full, plain/,
      ],
      [
        (study) => Object.assign(list(study, 'claims')[0]!, { protocol: 'none' }),
        /claims\.masks\.protocol: there is no protocol "none"\. Fix: use one of drawn/,
      ],
      [
        (study) => list(study, 'settings').push({ name: 'full' }),
        /settings\.full: the name "full" occurs twice\. Fix: rename/,
      ],
      [
        (study) => Object.assign(list(study, 'settings')[1]!, { chnage: {} }),
        /settings\.plain: there is no such key: chnage\. Fix/,
      ],
      [
        (study) => Object.assign(list(study, 'settings')[1]!, { change: { maskng: {} } }),
        /study\.json: settings\.plain: maskng: there is no such setting.*did you mean masking/s,
      ],
      [
        (study) => Object.assign(list(study, 'settings')[1]!, { set: ['stages.stage9.steps=1'] }),
        /"stages" has no item "stage9"\. Fix: use stage0, stage1, stage2/,
      ],
      [(study) => Object.assign(study, { seeds: [1, 1] }), /seeds: a seed occurs twice \(1, 1\)/],
      [
        (study) => Object.assign(list(study, 'figures')[1]!, { settings: ['none'] }),
        /figures\.masks\.settings\.0: there is no setting "none"/,
      ],
      [
        (study) =>
          Object.assign(list(study, 'figures')[1]!, {
            pictures: [{ file: '0.png', faces: [[1, 1, 9, 9]], cover: ['hand', null] }],
          }),
        /figures\.masks\.pictures\.0\.cover: expected an item for each of the 1 faces, got 2\. Fix:/,
      ],
      [
        (study) =>
          Object.assign(list(study, 'figures')[1]!, {
            pictures: [{ file: '0.png', faces: [[1, 1, 9, 9]], cover: ['beard'] }],
          }),
        /figures\.masks\.pictures\.0/,
      ],
      [(study) => delete study['title'], /study\.json: title: .*expected string/],
    ];
    for (const [change, text] of cases) expect(errorOf(change).message).to.match(text);
  });

  it('name figures that their protocols have, before anything is trained', async () => {
    const study = tinyStudy();
    Object.assign(list(study, 'claims')[0]!, { measure: 'face-app' });
    const open = openStudyAsync(writeStudy(at(), study), at('out'));
    const error = await rejectionAsync(open, ConfigError);
    expect(error.message).to.match(
      /claims\.masks\.measure: protocol "drawn" has no figure "face-app"\. Fix: use one of face-ap,/,
    );
  });

  it('find pictures from their root, and refuse a set without any', async () => {
    const study = tinyStudy();
    const file = writeStudy(at(), study);
    mkdirSync(at('elsewhere'));
    for (let i = 0; i < 4; i++) renameSync(at(`${i}.png`), at(`elsewhere/${i}.png`));
    const none = (await loadSetsAsync(loadStudy(file))).get('drawn');
    expect(none && 'problem' in none ? none.problem : '').to.match(
      /0\.png: none of the 4 pictures is there\. Fix: .*protocols\.drawn/,
    );
    // Relative to the study's root, wherever the command is given.
    Object.assign(list(study, 'protocols')[0]!, { options: { images: 'elsewhere' } });
    writeFileSync(file, JSON.stringify(study));
    const found = (await loadSetsAsync(loadStudy(file))).get('drawn');
    expect(
      found && 'set' in found ? found.set.images.map(({ file: one }) => one) : [],
    ).to.deep.equal([0, 1, 2, 3].map((i) => at(`elsewhere/${i}.png`)));
  });

  it('extend others: named items merge, new ones are appended', () => {
    writeStudy(at());
    const child = at('child.json');
    writeFileSync(
      child,
      JSON.stringify({
        extends: 'study.json',
        title: 'Child',
        settings: [
          { name: 'plain', set: ['optim.ema=0'] },
          { name: 'third', title: 'Third' },
        ],
      }),
    );
    const { study, configs } = loadStudy(child);
    expect(study.title).to.equal('Child');
    expect(study.settings.map(({ name }) => name)).to.deep.equal(['full', 'plain', 'third']);
    expect(configs.get('plain')?.masking.jointMode).to.equal('none');
    expect(configs.get('plain')?.optim.ema).to.equal(0);
    expect(configs.get('full')?.optim.ema).to.be.above(0);
    writeFileSync(child, JSON.stringify({ extends: 'child.json' }));
    expect(thrownBy(() => loadStudy(child), ConfigError).message).to.match(/extends itself/);
  });
});
