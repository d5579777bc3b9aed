/**
 * `npm run verify:bundlers`: programs for Node that use the packed package, bundled by esbuild, webpack, Rollup and
 * Next.js with the settings of docs/usage.md, find faces; so does a page bundled by webpack. Fetches the bundlers from the registry. Prints a line per
 * bundle; exit code 1 where one fails.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { launchChromiumAsync } from '../test/helpers/chromium.js';
import { titleAsync, writeProject } from '../test/scripts/page-projects.js';
import { Consumer, root, run } from './verify/consumer.js';
import { EXTERNALS } from './verify/externals.js';

const PROGRAM = `import { Detector } from 'aofd';
(async () => {
  const detector = await Detector.createAsync();
  const { faces } = await detector.detectAsync('sample.jpg');
  await detector[Symbol.asyncDispose]();
  console.log('faces', faces.length);
})().catch((error) => console.log('REJECTED', error.message));
`;

const ROUTE = `import { Detector } from 'aofd';
export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';
let detector;
export async function GET() {
  detector ??= Detector.createAsync();
  const { faces } = await (await detector).detectAsync('sample.jpg');
  return new Response('faces ' + faces.length);
}
`;

/** Settings of webpack: everything external, or only what cannot be taken in. */
const WEBPACK = `const { resolve } = require('node:path');
const natives = ${JSON.stringify([...EXTERNALS, 'h5wasm/node'])};
const one = (name, externals) => ({
  name, externals, externalsType: 'module', mode: 'production', target: 'node20', entry: './main.mjs',
  experiments: { outputModule: true },
  output: { path: resolve('out', name), filename: 'out.mjs', module: true, library: { type: 'module' } },
});
module.exports = [one('webpack', ['aofd']), one('webpack-inside', natives)];
`;

/** For a page; webpack copies files whose address a module takes relative to itself. */
const WEBPACK_PAGE = `const { resolve } = require('node:path');
module.exports = {
  mode: 'production', target: 'web', entry: './main.js', experiments: { outputModule: true },
  output: { path: resolve('webpack'), filename: 'main.js', module: true },
};
`;

const ROLLUP = `import resolve from '@rollup/plugin-node-resolve';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
const natives = ${JSON.stringify(EXTERNALS)};
const isNative = (id) => natives.some((name) => id === name || id.startsWith(name + '/'));
const one = (name, external, format, ending) => ({
  input: 'main.mjs', external, onwarn: () => {},
  plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()],
  output: { file: 'out/' + name + '/out.' + ending, format, inlineDynamicImports: true },
});
export default [
  one('rollup', ['aofd'], 'es', 'mjs'),
  one('rollup-inside', isNative, 'es', 'mjs'),
  one('rollup-inside-commonjs', isNative, 'cjs', 'cjs'),
];
`;

const PACKAGES = ['esbuild', 'webpack', 'webpack-cli', 'next', 'react', 'react-dom', 'rollup'];
PACKAGES.push(...['node-resolve', 'commonjs', 'json'].map((name) => `@rollup/plugin-${name}`));

function report(name: string, said: string): void {
  const isFound = /^faces [1-9]/m.test(said);
  if (!isFound) process.exitCode = 1;
  const tail = said.trim().split('\n').slice(-5).join('\n       ');
  process.stdout.write(isFound ? `ok   ${name}\n` : `FAIL ${name}\n       ${tail}\n`);
}

/** Writes a file of the project. */
function write(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** Runs a bundler, then its bundles. */
function tryBundler(folder: string, args: readonly string[], bundles: readonly string[]): void {
  const [bin = '', ...rest] = args;
  const built = run(join(folder, 'node_modules/.bin', bin), rest, folder);
  for (const bundle of bundles) {
    const done = run(process.execPath, [join('out', bundle)], folder);
    const said = built.status === 0 ? done.stdout + done.stderr : built.stdout + built.stderr;
    report(bundle, said);
  }
}

/** A page that webpack bundles, in the embedded Chromium. */
async function tryWebpackPageAsync(folder: string): Promise<void> {
  writeProject(folder);
  write(folder, 'page.config.cjs', WEBPACK_PAGE);
  const webpack = join(folder, 'node_modules/.bin/webpack');
  const built = run(webpack, ['--config', 'page.config.cjs'], folder);
  if (built.status !== 0) return report('webpack, page', built.stdout + built.stderr);
  for (const name of ['index.html', 'public/photograph.jpg']) {
    cpSync(join(folder, name), join(folder, 'webpack', basename(name)));
  }
  const browser = await launchChromiumAsync();
  const title = await titleAsync(browser, folder, ['preview', '--outDir', 'webpack']);
  await browser.close();
  report('webpack, page', title.replace(':', ''));
}

/** A port of this machine that was free just now. */
async function freePortAsync(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function tryNextAsync(folder: string): Promise<void> {
  write(
    folder,
    'app/layout.jsx',
    'export default (p) => <html><body>{p.children}</body></html>;\n',
  );
  write(folder, 'app/page.jsx', 'export default () => <p>page</p>;\n');
  write(folder, 'app/faces/route.js', ROUTE);
  write(folder, 'next.config.mjs', "export default { serverExternalPackages: ['aofd'] };\n");
  const next = join(folder, 'node_modules/.bin/next');
  const built = run(next, ['build'], folder, { NEXT_TELEMETRY_DISABLED: '1' });
  if (built.status !== 0) return report('next', built.stdout + built.stderr);
  const port = String(await freePortAsync());
  const server = spawn(process.execPath, [next, 'start', '-p', port, '-H', '127.0.0.1'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (text: Buffer) => text.includes('Ready') && resolve());
      server.on('exit', (code) => reject(new Error(`next ended with ${code}`)));
    });
    report('next', await (await fetch(`http://127.0.0.1:${port}/faces`)).text());
  } finally {
    server.kill();
  }
}

using consumer = new Consumer([], { isInstalled: true });
const { folder } = consumer;
execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', ...PACKAGES], {
  cwd: folder,
  stdio: 'inherit',
});
cpSync(
  join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg'),
  join(folder, 'sample.jpg'),
);
write(folder, 'main.mjs', PROGRAM);
write(folder, 'webpack.config.cjs', WEBPACK);
write(folder, 'rollup.config.mjs', ROLLUP);
const esbuild = ['esbuild', 'main.mjs', '--bundle', '--platform=node', '--log-level=error'];
for (const [name, external, format] of [
  ['esbuild/out.mjs', ['aofd'], 'esm'],
  ['esbuild-inside/out.mjs', EXTERNALS, 'esm'],
  ['esbuild-inside/out.cjs', EXTERNALS, 'cjs'],
] as const) {
  const externals = external.map((one) => `--external:${one}`);
  tryBundler(
    folder,
    [...esbuild, ...externals, `--format=${format}`, `--outfile=out/${name}`],
    [name],
  );
}
tryBundler(folder, ['webpack'], ['webpack/out.mjs', 'webpack-inside/out.mjs']);
tryBundler(
  folder,
  ['rollup', '-c'],
  ['rollup/out.mjs', 'rollup-inside/out.mjs', 'rollup-inside-commonjs/out.cjs'],
);
await tryWebpackPageAsync(folder);
await tryNextAsync(folder);
