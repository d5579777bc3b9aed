/**
 * `npm run results -- [--weights FILE] [--data DIR] [--out DIR] [--bootstrap N] [--publish]`: every figure
 * that the README and the model card give of a weights file, beside the peers' on the same pictures. With
 * `--publish` the tables of README.md and weights/aofd-lite.md are drawn again and
 * weights/aofd-lite.eval.json is written.
 *
 * The data are others' and not part of the repository: a set that is missing is named, its rows are left
 * out, and the exit code is 2; nothing is published then.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { movedFacecount, movedMasked } from './results/one-convention.js';
import { insertResults, resultsTable, type EvalReport } from './results/table.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const { values: args } = parseArgs({
  options: {
    weights: { type: 'string', default: path.join(root, 'weights/aofd-lite.safetensors') },
    data: { type: 'string', default: path.join(root, '../shared/data') },
    out: { type: 'string', default: path.join(root, 'out/results') },
    bootstrap: { type: 'string', default: '1000' },
    publish: { type: 'boolean', default: false },
  },
});

const data = (...parts: string[]): string => path.join(args.data, ...parts);

const peers = (file: string): string[] =>
  [
    ['YuNet', 'yunet-2026may'],
    ['SCRFD-500M', 'scrfd-500m'],
    ['SCRFD-2.5G', 'scrfd-2.5g'],
  ].flatMap(([name, folder]) => ['--peer', `${name}=${data('peers', folder!, file)}`]);

/** Arguments for masked/val and facecount/val with the labels of a file. */
const maskedBy = (labels: string): string[] => [
  ...['coco', '--data', labels, '--images', data('masked'), ...peers('masked-val.json')],
];
const facecountBy = (labels: string): string[] => [
  ...['coco', '--data', labels, '--images', data('facecount/images')],
  ...peers('facecount-val.json'),
];
const labels = { masked: data('masked/val.json'), facecount: data('facecount/val_bbx_gt.txt') };
const masked = maskedBy(labels.masked);
const facecount = facecountBy(labels.facecount);

/** Labels in another box convention: the file below `--out` that `writeMoved` makes of the set's own. */
const moved = {
  masked: path.join(args.out, 'labels/masked/val.json'),
  facecount: path.join(args.out, 'labels/facecount/val_bbx_gt.txt'),
};
function writeMoved(name: keyof typeof moved, move: (text: string) => string): void {
  fs.mkdirSync(path.dirname(moved[name]), { recursive: true });
  atomicWriteFile(moved[name], move(fs.readFileSync(labels[name], 'utf8')));
}
const occlusion = ['occlusion', '--data', data('occlusion-seg')];

/** Name of an evaluation, the set that it needs, the arguments of `aofd eval`, and whose boxes it scores again. */
const evaluations: readonly [name: string, needs: string, args: readonly string[], of?: string][] =
  [
    ['masked', labels.masked, masked],
    ['masked-04', labels.masked, [...masked, '--iou', '0.4'], 'masked'],
    ['masked-wider', labels.masked, maskedBy(moved.masked), 'masked'],
    ['facecount', labels.facecount, facecount],
    ['facecount-04', labels.facecount, [...facecount, '--iou', '0.4'], 'facecount'],
    ['facecount-wider', labels.facecount, facecountBy(moved.facecount), 'facecount'],
    ['occlusion', data('occlusion-seg/index.json'), occlusion],
    ['occlusion-real', data('occlusion-seg/index.json'), [...occlusion, '--real']],
    [
      'fddb',
      data('fddb'),
      ['fddb', '--data', data('fddb'), '--allow-missing', ...peers('fddb.txt')],
    ],
  ];

const reports: Record<string, EvalReport> = {};
const missing: string[] = [];
for (const [name, needs, what, of] of evaluations) {
  if (!fs.existsSync(needs)) {
    missing.push(needs);
    continue;
  }
  if (name === 'masked-wider') writeMoved('masked', movedMasked);
  if (name === 'facecount-wider') writeMoved('facecount', movedFacecount);
  const out = path.join(args.out, name);
  process.stderr.write(`== ${name}\n`);
  const { status } = spawnSync(
    process.execPath,
    [
      ...['--import', 'tsx', path.join(root, 'src/aofd/cli/main.ts'), 'eval', ...what],
      ...(of
        ? ['--detections', path.join(args.out, of, 'detections.csv')]
        : ['--weights', args.weights]),
      ...['--name', 'aofd-lite', '--out', out],
      ...['--bootstrap', args.bootstrap],
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) {
    process.stderr.write(`${name}: aofd eval ended with exit code ${status}\n`);
    process.exit(1);
  }
  reports[name] = JSON.parse(fs.readFileSync(path.join(out, 'report.json'), 'utf8')) as EvalReport;
}

const table = resultsTable(reports, 'aofd-lite');
process.stdout.write(`${table}\n`);
if (missing.length > 0) {
  process.stderr.write(`Not measured, for want of:\n  ${[...new Set(missing)].join('\n  ')}\n`);
  process.exit(2);
}
if (args.publish) {
  for (const name of ['README.md', 'weights/aofd-lite.md']) {
    const file = path.join(root, name);
    atomicWriteFile(file, insertResults(fs.readFileSync(file, 'utf8'), table, name));
  }
  const sha256 = createHash('sha256').update(fs.readFileSync(args.weights)).digest('hex');
  const figures = Object.entries(reports).map(([name, { headlines }]) => [name, headlines]);
  atomicWriteFile(
    path.join(root, 'weights/aofd-lite.eval.json'),
    `${JSON.stringify({ weights: { sha256 }, figures: Object.fromEntries(figures) }, null, 2)}\n`,
  );
}
