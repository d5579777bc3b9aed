/**
 * `npm run build:browser`: dist/browser/aofd.js (`aofd/browser`) and dist/browser/nn.js (`aofd/nn` in
 * browsers), ES modules with the kernels embedded that share one engine in a third file, and beside them the
 * weights that `Detector.createAsync` downloads. Prints the sizes.
 */
import * as esbuild from 'esbuild';
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { webWeights } from '../src/aofd/weights/web-weights.js';
import { readWeightsAsync } from '../src/aofd/weights/files/detector-weights.js';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { kernelSourcesModule } from './embed-kernels.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = path.join(root, 'dist/browser');

/** Puts the kernels' text where the sources have none. */
const embedKernels: esbuild.Plugin = {
  name: 'embed-kernels',
  setup(build) {
    build.onLoad({ filter: /[\\/]platform[\\/]kernel-sources\.ts$/ }, () => ({
      contents: kernelSourcesModule(),
      loader: 'js',
    }));
  },
};

const result = await esbuild.build({
  absWorkingDir: root,
  entryPoints: { aofd: 'src/aofd/browser/index.ts', nn: 'src/nn/browser.ts' },
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: 'engine-[hash]',
  format: 'esm',
  platform: 'browser',
  // Browsers that have WebGPU; `using` is written out.
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  sourcemap: 'linked',
  plugins: [embedKernels],
  metafile: true,
  write: false,
});
fs.mkdirSync(outdir, { recursive: true });
const written = new Set<string>();
const write = (name: string, contents: Uint8Array): void => {
  atomicWriteFile(path.join(outdir, name), contents);
  written.add(name);
};
for (const { path: file, contents } of result.outputFiles) write(path.basename(file), contents);
const weights = await readWeightsAsync(path.join(root, 'weights/aofd-lite.safetensors'));
write('aofd-lite.web.safetensors', webWeights(weights));
for (const name of fs.readdirSync(outdir)) {
  // Chunks of earlier builds; declarations are written by tsc.
  if (/\.(js|map|safetensors)$/.test(name) && !written.has(name))
    fs.rmSync(path.join(outdir, name));
}
for (const name of written) {
  if (name.endsWith('.map')) continue;
  const bytes = fs.readFileSync(path.join(outdir, name));
  const packed = gzipSync(bytes, { level: 9 }).length;
  process.stdout.write(`${name}: ${bytes.length} bytes, gzipped ${packed}\n`);
}
