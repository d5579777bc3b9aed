/** Cases about the library in somebody else's process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../consumer.js';
import { EXTERNALS } from '../externals.js';
import { endProblems, type Case } from './case.js';

/** `dispose` during a call: it finishes, or one error says that the detector was disposed. */
export const disposeInFlight: Case = ({ consumer, folder }) =>
  [['cold'], ['warm', '60'], ['sync'], ['using'], ['warmup']].flatMap((mode) => {
    const name = `inflight.mjs ${mode.join(' ')}`;
    const done = consumer.node(['inflight.mjs', ...mode], folder);
    const lines = done.stdout.trim().split('\n');
    const wrong = lines.filter((line) => !isExpected(line));
    return [...endProblems(name, done), ...wrong.map((line) => `${name}: ${line}`)];
  });

const isExpected = (line: string): boolean =>
  /^(faces \d+|warm|end|disposeAsync took \d+)\s*$/.test(line) ||
  (line.startsWith('NnError') && line.includes('disposed'));

/** Detectors that are made and disposed leave no threads behind, and their devices are collected. */
export const instanceLeak: Case = ({ consumer, folder }) => {
  const done = consumer.node(['--expose-gc', 'leak5.mjs', 'as-is'], folder);
  const rows = [...done.stdout.matchAll(/threads (\d+) collected (\d+)/g)];
  const threads = rows.map((row) => Number(row[1]));
  const problems = endProblems('leak5.mjs', done);
  if (threads.length < 3 || Math.max(...threads) > (threads[0] as number) + 2) {
    problems.push(`leak5.mjs: threads ${threads.join(', ')} (they must stay)`);
  }
  const collected = Number(rows.at(-1)?.[2] ?? 0);
  if (collected < 5) problems.push(`leak5.mjs: ${collected} of 11 devices were collected`);
  return problems;
};

/** Workers one after the other and side by side; `terminate` during a call is documented, not tried. */
export const workers: Case = ({ consumer, folder }) =>
  [
    ['serial', '3'],
    ['parallel', '2'],
    ['mix', '2'],
  ].flatMap((mode) => {
    const name = `worker.mjs ${mode.join(' ')}`;
    const done = consumer.node(['worker.mjs', ...mode], folder);
    const wrong = done.stdout.split('\n').filter((line) => /ERROR|exit [^0]/.test(line));
    return [...endProblems(name, done), ...wrong.map((line) => `${name}: ${line}`)];
  });

/** Every kind of input is taken, or refused by an error that says why. */
export const detectInputs: Case = ({ consumer, folder }) => {
  const done = consumer.node(['inputs.mjs'], folder);
  const problems = endProblems('inputs.mjs', done);
  const lines = done.stdout.trim().split('\n');
  const take = ['path', 'encoded Buffer', 'encoded Uint8Array', 'ArrayBuffer', 'Blob'];
  take.push('URL object', 'file:// string', 'raw Buffer rgb', 'ImageData rgba', 'after scales 8');
  const refuse = ['Float32 0..255', 'Float32 0..1', 'Uint16 0..65535', 'NaN floats', 'swapped'];
  refuse.push('https string', 'undefined', 'null', 'grey one channel', 'w 960.5', 'string size');
  for (const line of lines) {
    if (/TypeError|RangeError/.test(line)) problems.push(line);
  }
  // A swapped picture has as many bytes as the upright one: nobody can tell.
  for (const name of refuse.filter((r) => r !== 'swapped')) {
    const line = lines.find((l) => l.startsWith(name.padEnd(28)));
    if (!line || / OK /.test(line)) problems.push(`must be refused: ${line ?? name}`);
  }
  for (const name of take) {
    const line = lines.find((l) => l.startsWith(name.padEnd(28)));
    if (!line || !/ OK /.test(line)) problems.push(`must be taken: ${line ?? name}`);
  }
  return problems;
};

/** A strict project compiles against the package without skipLibCheck. */
export const tsConsumer: Case = ({ folder }) => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const common = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2022,esnext.disposable',
    '--types',
    'node',
  ];
  return [
    ['NodeNext', 'NodeNext'],
    ['ESNext', 'Bundler'],
  ].flatMap(([module = '', resolution = '']) => {
    const args = [tsc, ...common, '--module', module, '--moduleResolution', resolution, 'a.ts'];
    const done = run(process.execPath, args, folder);
    const errors = done.stdout.split('\n').filter((line) => line.includes('error TS'));
    return errors.slice(0, 5).map((line) => `${resolution} (of ${errors.length} errors): ${line}`);
  });
};

/** esbuild with the documented externals gives a bundle that works. */
export const bundle: Case = ({ consumer, folder }) => {
  const args = ['app2.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=out.mjs'];
  const esbuild = join(root, 'node_modules/esbuild/bin/esbuild');
  const built = run(esbuild, [...args, ...EXTERNALS.map((e) => `--external:${e}`)], folder);
  if (built.status !== 0) return endProblems('esbuild', built);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const done = consumer.node(['out.mjs'], folder);
  // Works, or stops with one error that names the bundler's setting.
  if (done.status === 0 && /faces \d+/.test(done.stdout)) {
    return done.stdout
      .split('\n')
      .filter((line) => line !== '' && !/^(faces|file) \d+$/.test(line));
  }
  const isNamed = /REJECTED \w*Error .*(external|bundl)/i.test(done.stdout);
  return isNamed ? [] : endProblems('the bundle', done);
};
