/**
 * Reads damaged files of every kind until the time is over (`npm run fuzz -- MINUTES SEED`) and prints what
 * is no value and no error for people, with the seed and number that make the file again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fuzzOnceAsync, readersAsync } from '../test/helpers/fuzz.js';

const [minutes = 5, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
/** A reader that takes longer for a file of a few kilobytes has no bound. */
const MOST_MS = 5000;

const folder = mkdtempSync(join(tmpdir(), 'aofd-fuzz-'));
const readers = await readersAsync();
const end = performance.now() + minutes * 60_000;
let [files, faults] = [0, 0];
for (let number = 0; performance.now() < end; number++) {
  for (const reader of readers) {
    const start = performance.now();
    const found = await fuzzOnceAsync(reader, folder, seed, number);
    const timeMs = performance.now() - start;
    files++;
    if (!found && timeMs < MOST_MS) continue;
    faults++;
    const what = found ? String((found.error as Error).stack ?? found.error) : `${timeMs} ms`;
    process.stdout.write(`${reader.name}, seed ${seed}, number ${number}: ${what}\n`);
  }
}
rmSync(folder, { recursive: true });
process.stdout.write(`${files} damaged files, seed ${seed}: ${faults} faults\n`);
process.exitCode = faults > 0 ? 1 : 0;
