/**
 * `npm run web:build [folder]`: the page as a folder of static files that any host serves (default
 * out/web). Nothing in it refers to another host.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { buildPageAsync } from './bundle.js';
import { ROOT } from './samples.js';

const folder = path.resolve(process.argv[2] ?? path.join(ROOT, 'out/web'));
const { files, bytes } = await buildPageAsync(folder);
const shown = path.relative(process.cwd(), folder) || '.';
process.stdout.write(`${files} files, ${(bytes / 1e6).toFixed(1)} MB, are in ${shown}\n`);
fs.accessSync(path.join(folder, 'index.html'));
