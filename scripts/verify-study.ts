/**
 * `npm run verify:study`: runs every setting of a study for two updates a stage on small pictures, with all
 * protocols, claims and figures, and says what is missing. So a run of days on a GPU does not end in a typing
 * error of its last stage.
 *
 *     npm run verify:study                                  configs/studies/aofd.json on drawn pictures
 *     npm run verify:study -- FILE --root FOLDER            a study on your own data
 *     npm run verify:study -- --only full --only plain --whole   two settings with the head of 4096
 *     npm run verify:study -- --work FOLDER                 stopped, it goes on there
 *
 * Without --whole the head of VGG16 is 256 wide: weights of 100 MB for each stage instead of 550 MB.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { runCli } from '../src/aofd/cli/main.js';
import { isOfPackage } from '../src/aofd/study/figure-pictures.js';
import { loadStudy } from '../src/aofd/study/load.js';
import type { Study } from '../src/aofd/study/schema.js';
import { drawDataAsync } from './verify/drawn-data.js';

const UPDATES = 2;
const SHORT_SIDE = 96;
const LONG_SIDE = 128;
const PICTURES = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string' },
    only: { type: 'string', multiple: true },
    whole: { type: 'boolean', default: false },
    work: { type: 'string' },
  },
});
const [file = 'configs/studies/aofd.json'] = positionals;
const work = values.work ?? fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-verify-study-'));
fs.mkdirSync(work, { recursive: true });
try {
  process.exitCode = await verifyAsync();
} finally {
  if (values.work === undefined) fs.rmSync(work, { recursive: true, force: true });
}

async function verifyAsync(): Promise<number> {
  const { study, configs } = loadStudy(file);
  const stages = [...(configs.values().next().value?.stages ?? [])].map(({ name }) => name);
  const root = values.root ? path.resolve(values.root) : path.join(work, 'data');
  if (!values.root && !fs.existsSync(root)) {
    const pictures = (study.figures ?? []).flatMap((figure) =>
      figure.kind === 'curves'
        ? []
        : figure.pictures
            .map((picture) => (typeof picture === 'string' ? picture : picture.file))
            .filter((file) => !isOfPackage(file)),
    );
    await drawDataAsync(root, [...new Set(pictures)]);
  }
  const small = path.join(work, 'study.json');
  fs.writeFileSync(small, JSON.stringify(shortened(study, root)));
  const out = path.join(work, 'out');
  const sets = [
    ...stages.map((stage) => `stages.${stage}.steps=${UPDATES}`),
    `input.trainShortSides=[${SHORT_SIDE}]`,
    `input.testShortSide=${SHORT_SIDE}`,
    `input.maxSize=${LONG_SIDE}`,
    // Random weights in place of ImageNet's would not bear the published rate.
    ...(values.root ? [] : ['optim.lr=1e-6']),
    ...(values.whole ? [] : ['model.hidden6=256', 'model.hidden7=256']),
  ];
  const code = await runCli([
    ...['reproduce', '--study', small, '--out', out],
    ...sets.flatMap((set) => ['--set', set]),
    ...(values.only ? ['--only', ...values.only] : []),
  ]);
  return code === 0 ? told(path.join(out, 'report.json'), values.only ?? null) : code;
}

/** The study with one seed, few pictures, few resamples and the given root; drawn data have no weights. */
function shortened(study: Study, root: string): Study {
  return {
    ...study,
    root,
    ...(values.root ? {} : { initialWeights: null }),
    seeds: study.seeds.slice(0, 1),
    settings: study.settings.map((setting) => ({
      ...setting,
      set: (setting.set ?? []).map((text) =>
        text.replace(/^(stages\.[^.]+\.steps)=[1-9]\d*$/, `$1=${UPDATES}`),
      ),
    })),
    protocols: study.protocols.map((protocol) => ({
      ...protocol,
      limit: PICTURES,
      detector: { ...protocol.detector, scoreFloor: 0.0001, longSide: LONG_SIDE },
    })),
    statistics: { bootstrap: 20 },
  };
}

interface Report {
  runs: { setting: string; status: { state: string; reasons: string[] } }[];
  protocols: { title: string; problem: string | null }[];
  claims: { name: string; result: unknown; note: string | null }[];
  figures: { name: string; note: string | null }[];
}

/** Prints what is there and what is missing. @returns the exit code: 1 where anything is missing */
function told(reportFile: string, only: readonly string[] | null): number {
  const report = JSON.parse(fs.readFileSync(reportFile, 'utf8')) as Report;
  const isWanted = (setting: string): boolean => only === null || only.includes(setting);
  const runs = report.runs.filter(({ setting }) => isWanted(setting));
  const problems = [
    ...runs
      .filter(({ status }) => status.state !== 'done')
      .map(({ setting, status }) => `${setting}: ${status.state}, ${status.reasons.join('; ')}`),
    ...report.protocols.flatMap(({ title, problem }) => (problem ? [`${title}: ${problem}`] : [])),
    ...(only !== null
      ? []
      : [
          ...report.claims.flatMap(({ name, result, note }) =>
            result ? [] : [`claim ${name}: ${note ?? 'no result'}`],
          ),
          ...report.figures.flatMap(({ name, note }) => (note ? [`figure ${name}: ${note}`] : [])),
        ]),
  ];
  const done = runs.filter(({ status }) => status.state === 'done').length;
  process.stdout.write(`${done} of ${runs.length} settings trained, detected and drawn\n`);
  for (const problem of problems) process.stdout.write(`missing: ${problem}\n`);
  return problems.length > 0 ? 1 : 0;
}
