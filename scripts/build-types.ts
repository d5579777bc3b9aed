/**
 * The last step of `npm run build`: gives the declarations of each entry the types of WebGPU. TypeScript
 * 6 has them in its library `dom`, earlier versions take them from `@webgpu/types`, and having both is an
 * error: so entries refer to the entry "webgpu", which package.json resolves by the compiler's version.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dist = join(import.meta.dirname, '../dist');
const reference = '/// <reference types="aofd/webgpu" />\n';

for (const entry of ['aofd/index.d.ts', 'nn/index.d.ts', 'aofd/browser/index.d.ts']) {
  const file = join(dist, entry);
  if (!existsSync(file)) throw new Error(`${file} was not built`);
  const text = readFileSync(file, 'utf8');
  if (!text.startsWith(reference)) writeFileSync(file, reference + text);
}
const dom = '/// <reference lib="dom" />\n';
writeFileSync(join(dist, 'webgpu-dom.d.ts'), `${dom}export {};\n`);
writeFileSync(
  join(dist, 'webgpu-package.d.ts'),
  `${dom}/// <reference types="@webgpu/types" />\nexport {};\n`,
);
