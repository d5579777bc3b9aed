/**
 * All WGSL text for browser bundles. Keys are paths under kernels/: kernels without ".wgsl"
 * (`conv/naive_conv`), includes with it (`include/grid.wgsl`). Comments, indentation and spaces, a third of the
 * text, are left out. Node reads kernels/ itself and needs none of this.
 */
import type * as esbuild from 'esbuild';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../kernels', import.meta.url));

/** Kernels that no forward pass launches: of gradients, losses, optimisers and measurements. */
const TRAINING = /backward|_dw|_dx|_grad|^(optim|loss)\/|^wino\/wino_dw|^probe\/peak|^random\//;

/** For esbuild: fills src/nn/platform/kernels-forward.ts and kernels-training.ts while it bundles. */
export function embedKernels(): esbuild.Plugin {
  return {
    name: 'embed-kernels',
    setup(build) {
      const filter = /[\\/]platform[\\/]kernels-(forward|training)\.ts$/;
      build.onLoad({ filter }, ({ path: file }) => {
        const isTraining = file.includes('kernels-training');
        const kernels = Object.entries(embeddedKernels()).filter(
          ([name]) => TRAINING.test(name) === isTraining,
        );
        const name = isTraining ? 'trainingKernels' : 'forwardKernels';
        const contents = `export const ${name} = ${JSON.stringify(Object.fromEntries(kernels))};`;
        return { contents, loader: 'js' };
      });
    },
  };
}

export function embeddedKernels(): Record<string, string> {
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.wgsl'))
    .sort();
  return Object.fromEntries(
    files.map((file) => [
      file.startsWith('include/') ? file : file.slice(0, -'.wgsl'.length),
      withoutComments(fs.readFileSync(path.join(folder, file), 'utf8')),
    ]),
  );
}

/**
 * WGSL without line comments, blank lines, indentation, and spaces beside some marks. Its block comments nest; kernels/
 * has none. Beside signs that make another one with their neighbour (`- -`, `& &`) spaces stay, and beside braces
 * and brackets: a define may follow those of `${...}`.
 */
export function withoutComments(text: string): string {
  if (text.includes('/*'))
    throw new Error('kernels have line comments only. Fix: use // instead of /*.');
  return text
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .map((line) => (line.startsWith('#') ? line : line.replace(/ *([,;:=+*]) */g, '$1')))
    .filter((line) => line !== '')
    .join('\n');
}
