import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  JUDGEMENTS,
  PRESETS,
  checkConfig,
  configOfStage,
  differences,
  learningRate,
  parseJsonc,
  presetConfig,
  resolveConfig,
  totalSteps,
} from '../../../src/aofd/config/index.js';
import { ConfigError } from '../../../src/aofd/errors.js';
import { loadConfig } from '../../../src/aofd/config/files.js';
import { thrownBy } from '../../helpers/rejection.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

/** The ConfigError that `run` throws. */
const failure = (run: () => unknown): ConfigError => thrownBy(run, ConfigError);

describe('config: presets', () => {
  for (const name of Object.keys(PRESETS)) {
    it(`${name} is complete and consistent`, () => {
      expect(checkConfig(presetConfig(name)).preset).to.equal(name);
    });
  }

  it('paper has the published schedule and no augmentation but mirroring', () => {
    const paper = presetConfig('paper');
    expect(paper.stages.map((s) => [s.name, s.steps, s.mu])).to.deep.equal([
      ['stage0', 80000, 0],
      ['stage1', 25000, 0],
      ['stage2a', 10000, 1e-5],
      ['stage2b', 50000, 1e-7],
      ['stage2c', 1128, 1e-5],
    ]);
    expect(totalSteps(paper)).to.equal(166128);
    expect(paper.data.appendFlipped).to.equal(true);
    expect(paper.data.augment.mosaic).to.equal(0);
    expect(paper.model.residual || paper.model.weightStandardize).to.equal(false);
  });

  it('names every judgement call J1 to J24 by paths that exist', () => {
    expect(JUDGEMENTS.map((j) => j.id)).to.deep.equal(
      Array.from({ length: 24 }, (_, i) => `J${i + 1}`),
    );
    for (const { paths, id } of JUDGEMENTS) {
      for (const path of paths) {
        const value = path
          .split('.')
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], PRESETS['paper']);
        expect(value, `${id} ${path}`).not.to.equal(undefined);
      }
    }
  });
});

describe('config: differences and overrides', () => {
  it('names the paths in which two configurations differ', () => {
    const a = presetConfig('lite');
    const b = resolveConfig({}, ['stages.stage1.steps=3', 'optim.lr=0.5']);
    expect(differences(a, b)).to.deep.equal(['optim.lr', 'stages.1.steps']);
    expect(differences(a, presetConfig('lite'))).to.deep.equal([]);
    expect(differences(undefined, b)).to.deep.equal(['(all)']);
  });

  it('merges objects, replaces lists, keeps the preset untouched', () => {
    const config = resolveConfig({
      preset: 'paper',
      optim: { lr: 0.002 },
      input: { trainShortSides: [256] },
    });
    expect([config.optim.lr, config.optim.momentum]).to.deep.equal([0.002, 0.9]);
    expect(config.input.trainShortSides).to.deep.equal([256]);
    expect(PRESETS['paper']!.optim.lr).to.equal(0.001);
  });

  it('sets by path, by index and by name', () => {
    const config = resolveConfig({ preset: 'paper' }, [
      'optim.kind=adamw',
      'stages.1.steps=10',
      'stages.stage2a.mu=1e-4',
      'input.canvas=[384,512]',
      'data.sources.extra={"kind":"coco","list":"a.json"}',
    ]);
    expect(config.optim.kind).to.equal('adamw');
    expect(config.stages[1]!.steps).to.equal(10);
    expect(config.stages[2]!.mu).to.equal(1e-4);
    expect(config.input.canvas).to.deep.equal([384, 512]);
    expect(config.data.sources['extra']!.kind).to.equal('coco');
  });

  it('names unknown keys and suggests the right one', () => {
    const error = failure(() =>
      resolveConfig({
        preset: 'paper',
        optim: { learningrate: 1 },
        los: {},
        rois: { batchsize: 3 },
      }),
    );
    expect(error.paths).to.have.members(['optim.learningrate', 'los', 'rois.batchsize']);
    expect(error.message)
      .to.match(/rois\.batchSize\?/)
      .and.match(/did you mean loss\?/);
    expect(failure(() => resolveConfig({}, ['optim.lrr=1'])).message).to.match(/optim\.lr\?/);
    expect(failure(() => resolveConfig({}, ['stages.stage9.lr=1'])).message).to.match(
      /no item "stage9".*stage0/,
    );
  });

  it('names wrong values with what was got', () => {
    const error = failure(() => resolveConfig({}, ['optim.lr=fast', 'rois.batchSize=2.5']));
    expect(error.paths).to.have.members(['optim.lr', 'rois.batchSize']);
    expect(error.message).to.match(/optim\.lr: expected number.*got "fast"/);
    const sizes = ['input.std=[1,0,1]', 'model.segmentation.channels=[8]'];
    expect(failure(() => resolveConfig({}, sizes)).paths).to.have.members([
      'input.std.1',
      'model.segmentation.channels',
    ]);
    expect(failure(() => resolveConfig({ preset: 'nope' })).message).to.match(/paper, lite/);
    expect(failure(() => resolveConfig([])).message).to.match(/expected an object/);
    expect(failure(() => resolveConfig({}, ['optim.lr'])).message).to.match(/path=value/);
    expect(failure(() => resolveConfig({}, ['optim.lr.x=1'])).message).to.match(/nothing inside/);
  });

  it('sees what only two values together tell', () => {
    expect(failure(() => resolveConfig({ model: { roiSize: 4 } })).paths).to.deep.equal([
      'masking.trainCells',
      'masking.randomCells',
    ]);
    expect(failure(() => resolveConfig({}, ['stages.stage0.data={"nowhere":1}'])).message).to.match(
      /data\.sources has no "nowhere"/,
    );
    expect(failure(() => resolveConfig({}, ['masking.trainCells=49'])).message).to.match(
      /below 49/,
    );
    expect(failure(() => resolveConfig({}, ['model.fpnChannels=0'])).message).to.match(/above 0/);
    expect(failure(() => resolveConfig({}, ['model.roiChannels=8'])).message).to.match(/must be 0/);
  });
});

describe('config: retired settings', () => {
  const old = {
    boxes: { ties: 'lower-index' },
    model: { roiRounding: 'exact-integer', roiChannels: 0 },
    masking: { size: 7 },
    loss: { segFaceOnFace: 'ignore' },
  };

  it('are dropped where they have their only value', () => {
    expect(resolveConfig(old)).to.deep.equal(resolveConfig());
    const five = { model: { roiSize: 5 }, masking: { size: 5 } };
    expect(resolveConfig(five)).to.deep.equal(resolveConfig({ model: { roiSize: 5 } }));
  });

  it('are errors with any other', () => {
    const error = failure(() => resolveConfig({ ...old, masking: { size: 5 } }));
    expect(error.paths).to.deep.equal(['masking.size']);
    expect(error.message).to.match(/masking\.size.*must be 7 or left out/);
  });
});

describe('config: files', () => {
  const at = useSuiteFolder();

  it('reads JSON with comments and trailing commas', () => {
    const file = at('a.json');
    writeFileSync(
      file,
      `// a try\n{ "preset": "lite", /* two\nlines */ "data": {"root": "http://x//y,}"},\n "optim": {"lr": 0.01,},\n}`,
    );
    const config = loadConfig(file, ['train.seed=7']);
    expect(config.optim.lr).to.equal(0.01);
    expect(config.data.root).to.equal('http://x//y,}');
    expect(config.train.seed).to.equal(7);
    expect(loadConfig(null).preset).to.equal('lite');
  });

  it('names file and line of bad JSON, and a missing file', () => {
    expect(failure(() => parseJsonc('{\n  "a": 1,\n  b: 2\n}', 'x.json')).message).to.match(
      /^x\.json(:3:3)?: this is not JSON/,
    );
    expect(failure(() => loadConfig(at('no.json'))).message).to.match(/no\.json: no such file/);
  });
});

describe('config: derived values', () => {
  const paper = presetConfig('paper');
  const stage = paper.stages[0]!;

  it('follows step, cosine and linear schedules with warm-up', () => {
    expect(learningRate(paper, stage, 49999)).to.equal(0.001);
    expect(learningRate(paper, stage, 50000)).to.be.closeTo(1e-4, 1e-12);
    const wave = { ...stage, schedule: 'cosine' as const, steps: 110, warmupSteps: 10 };
    wave.finalLrFactor = 0.1;
    expect(learningRate(paper, wave, 0)).to.be.closeTo(1e-4, 1e-12);
    expect(learningRate(paper, wave, 10)).to.be.closeTo(1e-3, 1e-12);
    expect(learningRate(paper, wave, 60)).to.be.closeTo(0.55e-3, 1e-12);
    expect(learningRate(paper, wave, 110)).to.be.closeTo(1e-4, 1e-12);
    const line = { ...wave, schedule: 'linear' as const };
    expect(learningRate(paper, line, 60)).to.be.closeTo(0.55e-3, 1e-12);
  });

  it('puts what a stage sets in place of what the run sets', () => {
    const own = { ...stage, lr: 0.5, batch: 3, ohem: true };
    const config = configOfStage(paper, own);
    expect([config.optim.lr, config.train.batch, config.ohem.enabled]).to.deep.equal([
      0.5,
      3,
      true,
    ]);
    expect(configOfStage(paper, stage).optim).to.deep.equal(paper.optim);
  });

  it('masks in joint stages only', () => {
    expect(configOfStage(paper, stage).masking.jointMode).to.equal('none');
    expect(configOfStage(paper, paper.stages[2]!).masking.jointMode).to.equal('double');
  });
});
