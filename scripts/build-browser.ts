/**
 * `npm run build:browser`: writes dist/browser, which is `aofd/browser` and, in browsers, `aofd/nn`, and prints
 * how much of it a page loads.
 */
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { filesOf, writeBrowserBundleAsync } from './browser-bundle.js';

const folder = fileURLToPath(new URL('../dist/browser', import.meta.url));
const files = await writeBrowserBundleAsync(folder);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
for (const module of ['aofd.js', 'inspect.js', 'nn.js', 'aofd-lite.web.safetensors']) {
  const parts = filesOf(module, files);
  const bytes = parts.reduce((sum, { contents }) => sum + contents.length, 0);
  const packed = parts.reduce(
    (sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length,
    0,
  );
  print(
    `${path.join('dist/browser', module)}: ${bytes} bytes, gzipped ${packed} (${parts.length} files)`,
  );
}
