/** Puts the page together: scripts bundled by esbuild, pages, styles, samples, weights. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { embedKernels } from '../../../scripts/embed-kernels.js';
import { readWeightsAsync } from '../../../src/aofd/weights/files/detector-weights.js';
import { webWeights } from '../../../src/aofd/weights/web-weights.js';
import { ROOT, writeSamplesAsync } from './samples.js';
import { writeFacesAsync } from './stored-faces.js';

const PAGE = path.join(ROOT, 'demo/web');
const STATIC = [
  'index.html',
  'base.css',
  'page.css',
  'icon.svg',
  'samples.json',
  'inside/index.html',
  'inside/inside.css',
  'pictures/index.html',
  'pictures/pictures.css',
];

/** Lies in every folder that was built: no other one is replaced. */
const MARK = '.aofd-page';

/** @throws Error where a folder, other than the usual one, holds what was not built here */
function checkTarget(target: string): void {
  if (target === path.join(ROOT, 'out/web')) return;
  const names = fs.existsSync(target) ? fs.readdirSync(target) : [];
  if (names.length === 0 || names.includes(MARK)) return;
  throw new Error(
    `${target} holds other files, which the page would replace. Fix: name a new or empty folder, or empty it.`,
  );
}

/**
 * Builds into a folder beside the target, then takes its place.
 * @throws Error where the target holds other files
 */
export async function buildPageAsync(target: string): Promise<{ files: number; bytes: number }> {
  checkTarget(target);
  const aside = `${target}.tmp-${process.pid}`;
  fs.rmSync(aside, { recursive: true, force: true });
  fs.mkdirSync(aside, { recursive: true });
  fs.writeFileSync(path.join(aside, MARK), '');
  for (const name of STATIC) {
    fs.mkdirSync(path.dirname(path.join(aside, name)), { recursive: true });
    fs.copyFileSync(path.join(PAGE, name), path.join(aside, name));
  }
  await writeSamplesAsync(path.join(aside, 'samples'));
  await writeFacesAsync(path.join(aside, 'samples'), path.join(aside, 'faces.json'));
  await build({
    entryPoints: {
      main: path.join(PAGE, 'src/main.ts'),
      'inside/inside': path.join(PAGE, 'src/inside/inside.ts'),
      'pictures/pictures': path.join(PAGE, 'src/pictures/pictures.ts'),
    },
    outdir: aside,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    platform: 'browser',
    plugins: [embedKernels()],
    logLevel: 'warning',
  });
  await writeWeightsAsync(path.join(aside, 'weights'));
  fs.rmSync(target, { recursive: true, force: true });
  fs.renameSync(aside, target);
  return sizesOf(target);
}

/** What detection needs; and, for the look inside, with the mask generator. */
async function writeWeightsAsync(folder: string): Promise<void> {
  const weights = await readWeightsAsync(path.join(ROOT, 'weights/aofd-lite.safetensors'));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'aofd-lite.web.safetensors'), webWeights(weights));
  fs.writeFileSync(
    path.join(folder, 'aofd-lite.inside.safetensors'),
    webWeights(weights, { withGenerator: true }),
  );
}

function sizesOf(folder: string): { files: number; bytes: number } {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sizes = names
    .map((name) => fs.statSync(path.join(folder, name)))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.size);
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
