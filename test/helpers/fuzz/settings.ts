/** Settings and records: configurations, the one inside of weights, tuning tables, studies and their results. */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { loadConfig } from '../../../src/aofd/config/files.js';
import { readNames } from '../../../src/aofd/data/sets/names.js';
import { passGeometry } from '../../../src/aofd/detect/prepare.js';
import { completeSettings } from '../../../src/aofd/detect/settings.js';
import { readCurve, readTimeMs } from '../../../src/aofd/study/curve.js';
import { FileHashes } from '../../../src/aofd/study/file-hashes.js';
import { loadStudy } from '../../../src/aofd/study/load.js';
import { readDetections } from '../../../src/aofd/study/nodes/detect.js';
import { readShown } from '../../../src/aofd/study/nodes/shown.js';
import { StudyStore } from '../../../src/aofd/study/store.js';
import { JsonlWriter } from '../../../src/aofd/train/run/writers.js';
import {
  configOf,
  networkOf,
  recommendedScore,
} from '../../../src/aofd/weights/detector-weights.js';
import { parseTable } from '../../../src/nn/ops/tuning/index.js';
import { randomWeights } from '../random-weights.js';
import { tinyStudy } from '../study.js';
import { text, type Reader } from './reader.js';

/** A source with everything that a source can say. */
const source = {
  kind: 'voc',
  list: 'labels',
  images: 'images',
  classes: { face: 'face', hat: 'drop' },
  teachers: { lists: ['t.jsonl'], matchIou: 0.5 },
  names: ['names.txt'],
  roles: { hair: 'cover' },
  trim: [0, 0.1, 0, -0.1],
  limit: 10,
};
const calibration = { scores: [0, 0.5, 1], probabilities: [0, 0.3, 0.9] };

/** The network of the weights file whose `config` was damaged: nothing may be allocated for it. */
function readStoredConfig(file: string, { tensors }: ReturnType<typeof randomWeights>): void {
  const metadata = { config: readFileSync(file, 'utf8'), score: '0.5' };
  const config = configOf({ metadata }, file);
  completeSettings(config, {});
  recommendedScore({ metadata, tensors });
  const { model } = networkOf(config, { tensors }, file);
  const pass = passGeometry({ width: 640, height: 480 }, config.input);
  model.anchorMapSizes(pass.height, pass.width);
}

/** Settings that people write, and those in files of ours that they pass on. */
export function settingReaders(): Reader[] {
  const weights = randomWeights();
  const full = presetConfig('lite');
  full.test.calibration = calibration;
  const small = { preset: 'lite', data: { sources: { mine: source } }, test: { calibration } };
  const layers = { 'linear 1x2 3': { forward: { algorithm: 'tile', tile: 1, ms: 0.5 } } };
  return [
    {
      name: 'config file',
      file: 'c.json',
      good: text(`// differences\n${JSON.stringify(small, null, 1)}`),
      read: (file) => loadConfig(file),
    },
    {
      name: 'whole config',
      file: 'c.json',
      good: text(full),
      read: (file) => loadConfig(file),
    },
    {
      name: 'config of weights',
      file: 'c.json',
      good: text(full),
      read: (file) => readStoredConfig(file, weights),
    },
    {
      name: 'tuning table',
      file: 't.json',
      good: text({ version: 1, adapter: 'x', kernels: 'k', layers }),
      read: (file) => parseTable(readFileSync(file, 'utf8'), file),
    },
    {
      name: 'names in JSON',
      file: 'drop.json',
      good: text({ drop: { mine: ['a', 'b/c.jpg'] } }),
      read: (file) => readNames(`${file}#mine`),
    },
    ...studyReaders(),
  ];
}

function studyReaders(): Reader[] {
  const face = { box: [1, 2, 20, 20], score: 0.5, covered: 0.1, pieces: null, edge: null };
  const figures = { right: 1, wrong: null, missed: 0, truths: [0.5, null] };
  const picture = { image: 'a.jpg', faces: [face], ...figures };
  const detections = {
    format: 'aofd-study-detections/1',
    facts: [{ name: 'a', value: 'b' }],
    warnings: [],
    images: { 'a.jpg': [{ box: [1, 2, 20, 20], score: 0.5 }] },
  };
  const done = { format: 'aofd-study-node/1', timeMs: 3, adapter: 'x' };
  const losses = '{"step":1,"losses":{"total":1.5}}\n{"step":2,"losses":{"total":1.25}}\n';
  const progress = '{"kind":"progress","step":5,"stageStep":5,"msPerStep":3}\n';
  const node = { id: 'train-base-code', kind: 'train', base: 'base' };
  return [
    { name: 'study', file: 's.json', good: text(tinyStudy()), read: (file) => loadStudy(file) },
    { name: 'study curve', file: 'losses.jsonl', good: text(losses), read: readCurve },
    { name: 'study metrics', file: 'metrics.jsonl', good: text(progress), read: readTimeMs },
    {
      name: 'run metrics',
      file: 'metrics.jsonl',
      good: text(progress + losses),
      read: (file) => new JsonlWriter(file).rewind(3),
    },
    {
      name: 'study pictures',
      file: 'show.json',
      good: text({ pictures: [picture] }),
      read: (file) => readShown(dirname(file)),
    },
    {
      name: 'study detections',
      file: 'detections.json',
      good: text(detections),
      read: (file) => readDetections(dirname(file), 'x'),
    },
    {
      name: 'study node',
      file: 'done.json',
      good: text(done),
      read: (file) => {
        const out = dirname(file);
        mkdirSync(join(out, 'nodes', node.id), { recursive: true });
        renameSync(file, join(out, 'nodes', node.id, 'done.json'));
        return new StudyStore(out).state(node as Parameters<StudyStore['state']>[0]);
      },
    },
    {
      name: 'file hashes',
      file: 'hashes.json',
      good: text({ '/a/b.jpg': [10, 1.5, 'abcd'] }),
      read: (file) => new FileHashes(file),
    },
  ];
}
