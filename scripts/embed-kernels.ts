/**
 * All WGSL text for browser bundles. Keys are paths under kernels/: kernels without ".wgsl"
 * (`conv/naive_conv`), includes with it (`include/grid.wgsl`). Comments and indentation, a third of the
 * text, are left out. Node reads kernels/ itself and needs none of this.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../kernels', import.meta.url));

/** The module that takes the place of src/nn/platform/kernel-sources.ts in a bundle. */
export function kernelSourcesModule(): string {
  return `export const kernelSources = ${JSON.stringify(embeddedKernels())};\n`;
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

/** WGSL without line comments, blank lines and indentation. Its block comments nest; kernels/ has none. */
export function withoutComments(text: string): string {
  if (text.includes('/*'))
    throw new Error('kernels have line comments only. Fix: use // instead of /*.');
  return text
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');
}
