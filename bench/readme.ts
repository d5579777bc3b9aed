/**
 * `npm run bench:readme -- REPORT.json`: draws the performance table of README.md, between its markers,
 * from a report; plots are drawn anew beside the report.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { insertTable } from './report/readme.js';
import { readReport, writePlots } from './harness.js';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write(
    'which report? Fix: npm run bench:readme -- bench/results/.../report.json\n',
  );
  process.exit(2);
}
const readme = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'README.md');
try {
  const report = readReport(file);
  atomicWriteFile(readme, insertTable(fs.readFileSync(readme, 'utf8'), report));
  const plots = writePlots(path.dirname(file), report);
  process.stdout.write(`README.md drawn from ${file}; plots: ${plots.join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
