/**
 * Embeds all WGSL text into one module for browser bundles: src/nn/kernels.generated.ts.
 * Keys are paths under kernels/: kernels without ".wgsl" (`conv/naive_conv`), includes with it
 * (`include/grid.wgsl`). Node reads kernels/ itself and needs none of this.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const kernels = path.join(root, 'kernels');
const target = path.join(root, 'src/nn/kernels.generated.ts');

const entries = fs
  .readdirSync(kernels, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => file.endsWith('.wgsl'))
  .sort()
  .map((file): [string, string] => [
    file.startsWith('include/') ? file : file.slice(0, -'.wgsl'.length),
    fs.readFileSync(path.join(kernels, file), 'utf8'),
  ]);

const body = entries.map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},`);
const text = [
  '// Made by scripts/embed-kernels.ts from kernels/**/*.wgsl. Do not edit.',
  'export const kernelSources: Record<string, string> = {',
  ...body,
  '};',
  '',
].join('\n');
const aside = `${target}.tmp-${process.pid}`;
fs.writeFileSync(aside, text);
fs.renameSync(aside, target);
process.stdout.write(`embedded ${entries.length} files into ${path.relative(root, target)}\n`);
