/**
 * `npm run study:readme`: draws the table of the paper's claims in README.md and docs/reproduction.md, between
 * their markers, from a report.json that is named (default: that in the folder of committed reports).
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  claimsMarkdown,
  insertClaims,
  parseStudyDocument,
} from '../src/aofd/study/report/readme.js';
import { atomicWriteFile } from '../src/nn/io/files/index.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const report = path.resolve(process.argv[2] ?? path.join(root, 'docs', 'study', 'report.json'));
try {
  const table = claimsMarkdown(parseStudyDocument(fs.readFileSync(report, 'utf8'), report));
  const pages = ['README.md', path.join('docs', 'reproduction.md')];
  const texts = pages.map((page) => {
    const file = path.join(root, page);
    return { file, text: insertClaims(fs.readFileSync(file, 'utf8'), table, page) };
  });
  for (const { file, text } of texts) atomicWriteFile(file, text);
  process.stdout.write(`claims of ${report} drawn in ${pages.join(' and ')}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
