import { expect } from 'chai';
import type { Config } from '../../../src/aofd/config/index.js';
import { keyOf } from '../../../src/aofd/study/keys.js';
import { loadStudy, type LoadedStudy } from '../../../src/aofd/study/load.js';
import {
  distinctNodes,
  planStudy,
  shardOf,
  type PlanFacts,
  type StudyPlan,
} from '../../../src/aofd/study/plan.js';
import { tinyStudy, writeStudy } from '../../helpers/study.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('plans of studies', () => {
  const at = useTempFolder();

  const facts = (changes: Partial<PlanFacts> = {}): PlanFacts => ({
    code: { train: 'aaaa', detect: 'bbbb' },
    ofData: (config, stage) => ({ hash: keyOf([config.data.sources, stage.data]) }),
    initialWeights: null,
    ofSet: ({ name }) => ({ hash: name }),
    ofPictures: ({ name }) => ({ hash: name }),
    ...changes,
  });

  /** A plan of settings that are given by `--set` texts. */
  function planOf(settings: Record<string, string[]>, given = facts()): StudyPlan {
    const study = tinyStudy();
    study['settings'] = Object.entries(settings).map(([name, set]) => ({ name, set }));
    study['claims'] = [];
    study['figures'] = [];
    const loaded: LoadedStudy = loadStudy(writeStudy(at(), study));
    return planStudy(loaded.study, loaded.configs, given);
  }

  /** Which stages two settings share, by name. */
  function shared(set: string, base: string[] = []): string[] {
    const { runs } = planOf({ a: base, b: [...base, set] });
    const [a, b] = runs;
    return (a?.stages ?? [])
      .filter(({ id }) => b?.stages.some((other) => other.id === id))
      .map(({ stage }) => stage.name);
  }

  it('settings share the stages that their difference does not touch', () => {
    expect(shared('masking.trainCells=8')).to.deep.equal(['stage0', 'stage1']);
    expect(shared('masking.types=["half"]')).to.deep.equal(['stage0', 'stage1']);
    expect(shared('stages.stage2.mu=0.5')).to.deep.equal(['stage0', 'stage1']);
    expect(shared('stages.stage2.ohem=true')).to.deep.equal(['stage0', 'stage1']);
    expect(shared('loss.gamma=0')).to.deep.equal(['stage0']);
    expect(shared('loss.compact="literal"')).to.deep.equal(['stage0']);
    expect(shared('masking.generatorCells=8')).to.deep.equal(['stage0']);
    expect(shared('stages.stage1.steps=0')).to.deep.equal(['stage0']);
    expect(shared('ohem.batchSize=8', ['ohem.enabled=true'])).to.deep.equal([]);
    const everything = ['stage0', 'stage1', 'stage2'];
    for (const set of ['test.nmsIou=0.4', 'eval.iou=0.4', 'train.workers=1', 'train.keepLast=5']) {
      expect(shared(set), set).to.deep.equal(everything);
    }
    for (const set of ['optim.weightDecay=0.5', 'loss.beta=2', 'data.augment.mosaic=0.1']) {
      expect(shared(set), set).to.not.include('stage0');
    }
  });

  it('test settings leave training and change detections', () => {
    const { runs } = planOf({ a: [], b: ['test.nmsIou=0.4'] });
    const ids = runs.slice(0, 2).map(({ detections }) => {
      const node = detections.get('drawn');
      return typeof node === 'object' ? node.id : '';
    });
    expect(new Set(ids).size).to.equal(2);
  });

  it('keys follow seed, data, sets, first weights and code', () => {
    const idsOf = (changes: Partial<PlanFacts>): Set<string> =>
      new Set(distinctNodes(planOf({ a: [] }, facts(changes)).runs).map(({ id }) => id));
    const base = idsOf({});
    const common = (changes: Partial<PlanFacts>): string[] =>
      [...idsOf(changes)].filter((id) => base.has(id)).map((id) => id.split('-')[0] as string);
    expect(base.size).to.equal(2 * 4);
    expect(common({ ofData: () => ({ hash: 'other' }) })).to.deep.equal([]);
    expect(common({ initialWeights: { hash: 'vgg' } })).to.deep.equal([]);
    expect(common({ code: { train: 'cccc', detect: 'bbbb' } })).to.deep.equal([]);
    const trained = ['train', 'train', 'train', 'train', 'train', 'train'];
    expect(common({ ofSet: () => ({ hash: 'other' }) })).to.deep.equal(trained);
    expect(common({ code: { train: 'aaaa', detect: 'dddd' } })).to.deep.equal(trained);
  });

  it('missing data stand in the way of the runs that need them, no others', () => {
    const isMissing = (config: Config): boolean => config.data.sources['drawn']?.list === 'gone';
    const given = facts({
      ofData: (config) => (isMissing(config) ? { problem: 'gone: not found' } : { hash: 'x' }),
    });
    const { runs } = planOf({ a: [], b: ['data.sources.drawn.list="gone"'] }, given);
    expect(runs.map(({ problem }) => problem)).to.deep.equal([
      null,
      'stage stage0: gone: not found',
      null,
      'stage stage0: gone: not found',
    ]);
  });

  it('shards are disjoint, complete, and keep a seed together where they can', () => {
    const { runs } = planOf({ a: [], b: ['loss.beta=2'], c: ['loss.beta=3'] });
    for (const count of [1, 2, 3, 4, 7]) {
      const parts = Array.from({ length: count }, (_, i) => shardOf(runs, i + 1, count));
      expect(parts.flat()).to.deep.equal(runs);
    }
    expect(shardOf(runs, 1, 2).map(({ seed }) => seed)).to.deep.equal([1, 1, 1]);
  });
});
