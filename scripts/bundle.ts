/**
 * `npm run bundle -- [--out FILE] [--node-licence FILE]`: makes one archive that runs on a bare x86-64 Linux
 * machine with a GPU driver (docs/bundle.md). Prints its pieces with their sizes.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FOLDER, LARGEST, layOut, megabytes, pack, tryPrograms } from './bundle/archive.js';
import { contentsAsync } from './bundle/contents.js';
import { checkedFiles, sizeOf } from './bundle/pieces.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function mainAsync(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, 'node-licence': { type: 'string' } },
  });
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `bundle: this is ${process.platform}-${process.arch}. Fix: run it on x86-64 Linux, whose Node and libraries it carries.`,
    );
  }
  const out = path.resolve(values.out ?? path.join(root, 'out/aofd-bundle-linux-x64.tar.gz'));
  const aside = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-bundle-'));
  try {
    const pieces = await contentsAsync({ root, aside, nodeLicence: values['node-licence'] });
    const files = checkedFiles(pieces);
    for (const piece of pieces) {
      print(`${piece.name.padEnd(20)} ${megabytes(sizeOf(piece)).padStart(6)} MB`);
    }
    layOut(files, path.join(aside, FOLDER));
    tryPrograms(path.join(aside, FOLDER));
    const size = pack(aside, out);
    print(`${out}: ${files.length} files, ${megabytes(size)} MB of at most ${megabytes(LARGEST)}`);
  } finally {
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

try {
  await mainAsync();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
