/**
 * `npm run bench:readme`: draws the speed table of README.md, between its markers, from the newest report
 * of each adapter below bench/results.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { readReports } from './report/files.js';
import { insertTable, newestReports } from './report/readme.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const readme = path.resolve(here, '..', 'README.md');
try {
  const reports = newestReports(readReports(path.join(here, 'results')));
  atomicWriteFile(readme, insertTable(fs.readFileSync(readme, 'utf8'), reports));
  process.stdout.write(`README.md drawn from ${reports.length} reports\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
