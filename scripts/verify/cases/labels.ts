/** Cases of labels for training, and of result files in wrong units. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finished } from '../consumer.js';
import { endProblems, type Case, type CaseContext } from './case.js';

/** A training of one update of a tiny network on one source. */
function train({ consumer, folder }: CaseContext, source: object): Finished {
  const config = {
    preset: 'lite',
    input: { canvas: [64, 64], maxSize: 128 },
    model: {
      stemChannels: 8,
      stageChannels: [8, 8, 8, 8],
      blocks: [0, 0, 0, 0],
      fpnChannels: 8,
      rpnChannels: 8,
      hidden6: 16,
      hidden7: 0,
      generator: { channels: 8, convs: 2 },
      segmentation: { channels: [8, 8] },
    },
    stages: [
      {
        name: 'a',
        kind: 'detector',
        steps: 1,
        lr: 0.001,
        schedule: 'constant',
        warmupSteps: 0,
        decayAt: [],
        decayFactor: 0.1,
        finalLrFactor: 1,
        mu: 0,
        data: { it: 1 },
        order: 'weighted',
        segFraction: 0,
        paintProbability: 0,
      },
    ],
    train: { batch: 1, validateEverySteps: 0, validation: null },
    data: { root: '.', sources: { it: source } },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  return consumer.aofd(['train', '--config', 'config.json', '--out', 'run'], folder);
}

/** A run that must be refused before its first update, with words that say why. */
function refused(done: Finished, pattern: RegExp): string[] {
  const said = `${done.stdout}\n${done.stderr}`;
  const problems = endProblems('aofd train', done, 1);
  if (!pattern.test(said)) problems.push(`does not say ${pattern}: ${said.trim().slice(-400)}`);
  return problems;
}

/** Faces outside of their picture are not learned from. */
export const vocOutside: Case = (context) =>
  refused(train(context, { kind: 'voc', list: 'voc', images: 'img' }), /outside|no face/);

/** Names of objects that are no faces stop the run, with a proposal; told, they mean what was said. */
export const classes: Case = (context) => {
  const { consumer, folder } = context;
  copyFileSync(join(folder, '../wide.jpg'), join(folder, 'wide.jpg'));
  const voc = { kind: 'voc', list: 'voc', images: '.' };
  const coco = { kind: 'coco', list: 'multi.json', images: '.' };
  const problems = [
    ...refused(train(context, voc), /"classes"/),
    ...refused(train(context, coco), /"car"[\s\S]*"classes"/),
  ];
  const code = `import { loadVoc } from 'aofd';
    const drop = { invalid_face: 'drop', hat: 'drop', none: 'drop' };
    const map = { masked_face: 'masked', unmasked_face: 'unmasked', ...drop };
    const [sample] = loadVoc({ annotationDir: 'voc', imageRoot: '.', classes: map });
    console.log(sample.faces.map((face) => face.attributes?.cover).join());`;
  const done = consumer.node(['--input-type=module', '-e', code], folder);
  if (done.stdout.trim() !== 'masked,unmasked') problems.push(`${done.stdout}${done.stderr}`);
  return problems;
};

/** `iscrowd: true` ignores a face as 1 does. */
export const iscrowdTrue: Case = ({ consumer, folder }) => {
  const code = `import { loadCoco } from 'aofd';
    const [sample] = loadCoco('crowdtrue.json', { imageRoot: '.' });
    console.log(sample.faces.map((face) => face.ignore).join());`;
  const done = consumer.node(['--input-type=module', '-e', code], folder);
  return done.stdout.trim() === 'true,true' ? [] : [`${done.stdout}${done.stderr}`.trim()];
};

/** A picture that is missing is told before the first update. */
export const missingPicture: Case = (context) => {
  copyFileSync(join(context.folder, '../wide.jpg'), join(context.folder, 'wide.jpg'));
  const source = { kind: 'coco', list: 'missing.json', images: '.' };
  return refused(train(context, source), /1 of 40 pictures/);
};

/** Boxes and scores in wrong units are warned of. */
export const wrongUnits: Case = ({ consumer, folder }) => {
  const warnings: Readonly<Record<string, RegExp | null>> = {
    'good.csv': null,
    'frac.csv': null,
    'pandas.csv': null,
    'normalised.csv': /warning: .*within 0 and 1/,
    'coco-xyxy.json': /warning: .*(leave their picture|every figure is 0)/,
    'pct.csv': /warning: .*percent/,
  };
  return Object.entries(warnings).flatMap(([file, expected]) => {
    const out = `out-${file}`;
    mkdirSync(join(folder, out), { recursive: true });
    const args = ['--data', 'val.json', '--detections', file, '--bootstrap', '0', '--out', out];
    const done = consumer.aofd(['eval', 'coco', ...args], folder);
    const problems = endProblems(file, done);
    const said = done.stdout + done.stderr;
    const isWarned = /warning/i.test(said) && (expected === null || expected.test(said));
    if (isWarned !== (expected !== null)) problems.push(`${file}: ${said.trim().slice(0, 600)}`);
    return problems;
  });
};
