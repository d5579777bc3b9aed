/**
 * `npm run verify:cases [NAME...]`: tries the cases of ../shared/cases, one folder each (its README says
 * what is right), on the packed package as a user installs it. Prints a line per case; exit code 1
 * where one failed or the cases are not there.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Case } from './verify/cases/case.js';
import * as labels from './verify/cases/labels.js';
import * as library from './verify/cases/library.js';
import * as load from './verify/cases/load.js';
import * as pictures from './verify/cases/pictures.js';
import { Consumer, root } from './verify/consumer.js';

/** By the name of the case's folder. */
const cases: Record<string, Case> = {
  'dispose-in-flight': library.disposeInFlight,
  'instance-leak': library.instanceLeak,
  'worker-terminate': library.workers,
  'detect-inputs': library.detectInputs,
  'ts-consumer': library.tsConsumer,
  bundle: library.bundle,
  'many-detectors': load.manyDetectors,
  'many-calls': load.manyCalls,
  'png-trailing-bytes': pictures.trailingBytes,
  'alpha-hidden': pictures.alphaHidden,
  heic: pictures.heic,
  'out-equals-in': pictures.outEqualsIn,
  appledouble: pictures.appledouble,
  'long-name': pictures.longName,
  'unreadable-subfolder': pictures.unreadable,
  'train-voc-outside': labels.vocOutside,
  'train-classes': labels.classes,
  'train-coco-iscrowd-true': labels.iscrowdTrue,
  'train-missing-picture': labels.missingPicture,
  'eval-wrong-units': labels.wrongUnits,
};

/** Cases whose files are made as they are tried. */
const MADE = new Set(['many-detectors', 'many-calls', 'long-name', 'unreadable-subfolder']);

/** Pictures that several cases use, laid beside their folders. */
const PICTURES = {
  'photo.jpg': 'out-equals-in/photo.jpg',
  'wide.jpg': 'train-voc-outside/img/wide.jpg',
};

function main(wanted: readonly string[]): number {
  const shared = join(root, '../shared/cases');
  if (!existsSync(shared)) {
    process.stderr.write(`There are no cases: the folder ${shared} is missing.\n`);
    return 1;
  }
  const unknown = wanted.filter((name) => !Object.hasOwn(cases, name));
  if (unknown.length > 0) {
    process.stderr.write(`No such case: ${unknown.join(', ')}.\n`);
    return 2;
  }
  using consumer = new Consumer(['@types/node', 'undici-types']);
  for (const [name, from] of Object.entries(PICTURES)) {
    if (existsSync(join(shared, from))) cpSync(join(shared, from), join(consumer.folder, name));
  }
  const untried = readdirSync(shared, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !Object.hasOwn(cases, entry.name))
    .map((entry) => entry.name);
  if (untried.length > 0) process.stdout.write(`not tried: ${untried.join(', ')}\n`);
  let failed = 0;
  for (const [name, tryCase] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const given = join(shared, name);
    const problems =
      existsSync(given) || MADE.has(name) ? tryOne(tryCase, consumer, given, name) : ['missing'];
    if (problems.length > 0) failed++;
    process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}\n`);
    for (const problem of problems) process.stdout.write(`       ${problem}\n`);
  }
  return failed === 0 ? 0 : 1;
}

function tryOne(tryCase: Case, consumer: Consumer, given: string, name: string): string[] {
  const folder = join(consumer.folder, name);
  if (MADE.has(name)) mkdirSync(folder);
  else cpSync(given, folder, { recursive: true });
  makeWritable(folder);
  return tryCase({ consumer, folder });
}

/** The given files may be for reading only, and their copies with them. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
    else if (entry.isFile()) chmodSync(join(folder, entry.name), 0o644);
  }
}

process.exitCode = main(process.argv.slice(2));
