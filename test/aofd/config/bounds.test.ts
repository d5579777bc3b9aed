import { expect } from 'chai';
import {
  PRESETS,
  configSchema,
  parseJsonc,
  resolveConfig,
} from '../../../src/aofd/config/index.js';
import { ConfigError } from '../../../src/aofd/errors.js';
import { AofdModel } from '../../../src/aofd/model/index.js';
import { configOf, networkOf } from '../../../src/aofd/weights/detector-weights.js';
import { NnError } from '../../../src/nn/errors.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';
import { thrownBy } from '../../helpers/rejection.js';

/** Paths of all numbers in a value. */
function numberPaths(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value === 'number') return [[...path]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numberPaths(inner, [...path, key]));
}

function withValue(config: unknown, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(config) as Record<string, never>;
  let at: Record<string, never> = copy;
  for (const key of path.slice(0, -1)) at = at[key]!;
  at[path.at(-1)!] = value as never;
  return copy;
}

const failure = (run: () => unknown): ConfigError => thrownBy(run, ConfigError);

describe('config: bounds', () => {
  for (const [name, preset] of Object.entries(PRESETS)) {
    it(`every number of ${name} has an upper and a lower bound`, () => {
      for (const path of numberPaths(preset)) {
        for (const huge of [2 ** 31, -1e30]) {
          const { success } = configSchema.safeParse(withValue(preset, path, huge));
          // A seed is a whole 32-bit number.
          if (path.join('.') === 'train.seed' && huge === 2 ** 31) continue;
          expect(success, `${path.join('.')} = ${huge}`).to.equal(false);
        }
      }
    });
  }

  it('every list of numbers that the network or its passes repeat has a longest length', () => {
    const lists = ['model.levels.0.sizes', 'model.levels.0.ratios', 'model.blocks'];
    lists.push('model.stageChannels', 'input.trainShortSides', 'data.portraitRatios');
    for (const path of lists) {
      const value = Array.from({ length: 100_000 }, () => 1);
      const changed = withValue(PRESETS['lite'], path.split('.'), value);
      expect(configSchema.safeParse(changed).success, path).to.equal(false);
    }
  });

  it('bounds what several numbers make together before anything is allocated', () => {
    const wide = [
      'model.stageChannels=[16384,16384,16384,16384]',
      'model.blocks=[256,256,256,256]',
    ];
    const error = failure(() => new AofdModel(resolveConfig({}, wide).model));
    expect(error.message).to.match(/parameters, at most 1073741824 are taken/);
    const dense = JSON.stringify(Array.from({ length: 32 }, (_, i) => i + 1));
    const level = { stride: 8, sizes: [], ratios: [], rounding: 'none' };
    const many = JSON.stringify([{ ...level, sizes: JSON.parse(dense), ratios: [1, 2] }]);
    const sets = [`model.levels=${many}`, 'input.maxSize=8192'];
    expect(failure(() => resolveConfig({}, sets)).paths).to.deep.equal(['input.maxSize']);
  });

  it('finds strides, anchors and curves that do not fit before a network is made', () => {
    const cases: [string, string][] = [
      ['model.roiStride=9', 'model.roiStride'],
      ['model.segmentation.stride=64', 'model.segmentation.stride'],
      ['model.levels.0.stride=4', 'model.levels.0.stride'],
      ['model.levels.0.sizes=[1]', 'model.levels'],
      ['test.calibration={"scores":[0,1],"probabilities":[0,0.5,1]}', 'test.calibration'],
      ['test.calibration={"scores":[0.5,0.1],"probabilities":[0,1]}', 'test.calibration.scores.1'],
    ];
    for (const [set, path] of cases) {
      expect(failure(() => resolveConfig({}, [set])).paths, set).to.deep.equal([path]);
    }
    const detail = 'model.segmentation.detail={"channels":8}';
    for (const other of [{ preset: 'paper' }, { model: { segmentation: { stride: 16 } } }]) {
      const { paths } = failure(() => resolveConfig(other, [detail]));
      expect(paths).to.deep.equal(['model.segmentation.detail']);
    }
    for (const other of [{}, { test: { smallFaceSize: 16 } }]) {
      const { paths } = failure(() => resolveConfig(other, ['test.crowdFaceSize=20']));
      expect(paths).to.deep.equal(['test.crowdFaceSize']);
    }
    expect(
      resolveConfig({ test: { smallFaceSize: 20 } }, ['test.crowdFaceSize=20']).test,
    ).to.include({ crowdFaceSize: 20 });
  });
});

describe('config: keys that reach prototypes', () => {
  const hostile = ['__proto__', 'constructor', 'prototype'];
  afterEach(() => {
    expect(({} as Record<string, unknown>)['polluted'], 'polluted').to.equal(undefined);
  });

  for (const key of hostile) {
    it(`${key} is refused in --set, files, and what is merged`, () => {
      failure(() => resolveConfig({}, [`${key}.polluted=1`]));
      failure(() => resolveConfig({}, [`model.${key}.polluted=1`]));
      failure(() => resolveConfig({}, [`model={"${key}":{"polluted":1}}`]));
      failure(() => resolveConfig(parseJsonc(`{"${key}": {"polluted": 1}}`)));
      failure(() => resolveConfig(JSON.parse(`{"model": {"${key}": {"polluted": 1}}}`)));
      failure(() => resolveConfig({ preset: key }));
    });
  }

  it('deep nesting is an error with a place', () => {
    const deep = '['.repeat(100_000);
    expect(failure(() => parseJsonc(`{\n"a":${deep}`, 'x.json')).message).to.match(
      /^x\.json:2:\d+: this is not JSON \(values are nested/,
    );
    const { message } = failure(() => resolveConfig({}, [`model=${deep}${']'.repeat(100_000)}`]));
    expect(message.length).to.be.below(1000);
  });
});

describe('weights: configuration against tensors', () => {
  const { metadata, tensors } = randomWeights();
  const network = (change: (config: ReturnType<typeof smallConfig>) => void): unknown => {
    const config = smallConfig();
    change(config);
    const weights = { metadata: { ...metadata, config: JSON.stringify(config) }, tensors };
    return networkOf(configOf(weights, 'w'), weights, 'w');
  };

  it('agrees with what was written', () => {
    expect(network(() => undefined)).to.have.property('specs');
  });

  it('misses parameters and compares shapes without allocating any', () => {
    const more = thrownBy(() => network((c) => (c.model.blocks = [256, 256, 256, 256])), NnError);
    expect(more.code).to.equal('weights-missing');
    expect(more.message).to.match(/^w: 6126 parameters are missing \(backbone\.stage4\.0\./);
    const wide = thrownBy(() => network((c) => (c.model.hidden6 = 16384)), NnError);
    expect(wide.code).to.equal('weights-shape');
  });
});
