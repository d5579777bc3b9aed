/**
 * The last step of `npm run build`: gives the declarations of each entry the types of WebGPU. TypeScript
 * 6 has them in its library `dom`, earlier versions take them from `@webgpu/types`, and having both is an
 * error: so entries refer to the entry "webgpu", which package.json resolves by the compiler's version.
 * `tsx scripts/build-types.ts FOLDER` does so in another folder than `dist`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const dist = process.argv[2] ?? join(import.meta.dirname, '../dist');
const reference = '/// <reference types="aofd/webgpu" />\n';

for (const entry of ['aofd/index', 'nn/index', 'aofd/browser/index', 'aofd/browser/inspect']) {
  const file = join(dist, `${entry}.d.ts`);
  if (!existsSync(file)) throw new Error(`${file} was not built`);
  const text = readFileSync(file, 'utf8');
  if (!text.startsWith(reference)) writeFileSync(file, reference + text);
}
// `using` has its types in a library of its own, which a project's target does not bring along.
const libraries = '/// <reference lib="esnext.disposable" />\n/// <reference lib="dom" />\n';
writeFileSync(join(dist, 'webgpu-dom.d.ts'), `${libraries}export {};\n`);
writeFileSync(
  join(dist, 'webgpu-package.d.ts'),
  `${libraries}/// <reference types="@webgpu/types" />\nexport {};\n`,
);
