/**
 * `npm run paths:check`: every path, link, section of `docs/spec.md` and judgement call that a document
 * or a comment names must exist. Prints the dangling ones and exits with 1 if there are any. The lab
 * book is history and may name what is gone.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  commentsOf,
  danglingCitations,
  danglingLinks,
  danglingPaths,
  parseSpecification,
  type Dangling,
} from './check/references.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = [
  'bench',
  'demo',
  'docs',
  'examples',
  'kernels',
  'scripts',
  'src',
  'test',
  'weights',
];
/** Pages that name what was once there, or pictures of the data. */
const HISTORY = ['docs/LAB.md', 'docs/study/report.md'];

const spec = parseSpecification(readFileSync(join(ROOT, 'docs/spec.md'), 'utf8'));
let count = 0;
for (const file of textFiles()) {
  for (const { line, what } of danglingIn(file)) {
    console.log(`${file}:${line}: ${what}`);
    count++;
  }
}
if (count > 0) {
  console.log(`${count} dangling references`);
  process.exitCode = 1;
}

function textFiles(): string[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.includes('node_modules'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
  return [...readdirSync(ROOT), ...inFolders]
    .filter((name) => /\.(md|ts|js|cjs|mjs|py|wgsl)$/.test(name) && !HISTORY.includes(name))
    .sort();
}

function danglingIn(file: string): Dangling[] {
  const exists = (path: string): boolean => existsSync(join(ROOT, path));
  const text = readFileSync(join(ROOT, file), 'utf8');
  const words = /\.(md|py)$/.test(file) ? text : commentsOf(text);
  const folder = dirname(file) === '.' ? '' : dirname(file);
  return [
    ...danglingPaths(words, exists),
    ...(file.endsWith('.md') ? danglingLinks(text, folder, exists) : []),
    // Titles of tests cite sections too.
    ...danglingCitations(file.endsWith('.ts') ? text : words, spec),
  ].sort((a, b) => a.line - b.line);
}
