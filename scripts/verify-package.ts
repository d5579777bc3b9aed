/**
 * `npm run verify:package [-- --install]`: packs the package and looks at it as its users get it: its
 * entries (publint, attw), its types in strict projects under three versions of TypeScript, the command
 * line program, a photograph. Dependencies are linked from here; with `--install` npm fetches them. The other
 * compilers come from the registry. Prints a line per check; exit code 1 where one fails.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Consumer, root, run, type Finished } from './verify/consumer.js';
import { PROJECTS, typeErrorsAsync } from './verify/package/types.js';

/** Versions besides the one that this project uses. */
const COMPILERS = ['5.5', '5.9'];

/** A file of data among the entries, which no module can import. */
const NO_MODULE = './browser/aofd-lite.web.safetensors';

let failed = 0;

function report(what: string, problems: readonly string[]): void {
  if (problems.length > 0) failed++;
  process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${what}\n`);
  for (const problem of problems.slice(0, 20)) process.stdout.write(`       ${problem}\n`);
}

/** What a program said, where it did not end well. */
const unlessFine = (done: Finished): string[] =>
  done.status === 0 ? [] : `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-20);

function checkEntries({ tarball, folder }: Consumer): void {
  const bin = (name: string, args: readonly string[]): Finished =>
    run(join(root, 'node_modules/.bin', name), args, folder);
  report('publint', unlessFine(bin('publint', ['run', tarball, '--strict'])));
  const args = [tarball, '--profile', 'esm-only', '--exclude-entrypoints', NO_MODULE];
  report('attw', unlessFine(bin('attw', [...args, '--format', 'table', '--no-color'])));
}

async function checkTypesAsync(consumer: Consumer): Promise<void> {
  const folder = join(consumer.folder, 'compilers');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const aliases = COMPILERS.map((version) => `ts-${version}@npm:typescript@~${version}.0`);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', ...aliases], {
    cwd: folder,
    stdio: 'inherit',
  });
  const homes = COMPILERS.map((version) => join(folder, 'node_modules', `ts-${version}`));
  for (const home of [...homes, join(root, 'node_modules/typescript')]) {
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
      version: string;
    };
    for (const project of Object.keys(PROJECTS) as (keyof typeof PROJECTS)[]) {
      for (const resolution of ['NodeNext', 'Bundler'] as const) {
        const tsc = join(home, 'bin/tsc');
        const errors = await typeErrorsAsync(consumer.folder, project, resolution, tsc);
        report(`types: ${project}, ${resolution}, TypeScript ${version}`, errors);
      }
    }
  }
}

function checkProgram(consumer: Consumer): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const said = consumer.aofd(['--version']);
  const isRight = said.status === 0 && said.stdout.trim() === version;
  report('aofd --version', isRight ? [] : [said.stdout.trim(), said.stderr.trim()]);
  cpSync(
    join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg'),
    join(consumer.folder, 'sample.jpg'),
  );
  const done = consumer.aofd(['detect', 'sample.jpg', '--json', '-']);
  const problems = unlessFine(done);
  if (problems.length === 0) {
    const { images } = JSON.parse(done.stdout) as { images: { faces: unknown[] }[] };
    if (!images[0]?.faces.length) problems.push('no face was found');
  }
  report('aofd detect on a photograph', problems);
  const code = `
    import { Detector } from 'aofd';
    import { Device } from 'aofd/nn';
    const detector = await Detector.createAsync();
    const { faces } = await detector.detectAsync('sample.jpg');
    if (faces.length === 0 || !(detector.device instanceof Device)) process.exitCode = 1;
    await detector[Symbol.asyncDispose]();`;
  report(
    'aofd and aofd/nn share one engine, and find a face',
    unlessFine(consumer.node(['--input-type=module', '-e', code])),
  );
}

const isInstalled = process.argv.includes('--install');
using consumer = new Consumer(isInstalled ? ['@types/node'] : ['@types/node', 'undici-types'], {
  isInstalled,
});
checkEntries(consumer);
checkProgram(consumer);
await checkTypesAsync(consumer);
process.exitCode = failed === 0 ? 0 : 1;
