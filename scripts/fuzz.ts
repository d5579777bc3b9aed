/**
 * Reads damaged files of every kind until the time is over (`npm run fuzz -- MINUTES [SEED [READER]]`; READER:
 * part of a name) and prints what is no value and no error for people, with the seed and number that make the
 * file again. A file that ends the whole process leaves its place in the text file that is named first.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fuzzOnceAsync, readersAsync } from '../test/helpers/fuzz/index.js';

const [minutes = '5', given, wanted = ''] = process.argv.slice(2);
const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
/** A reader that takes more processor time for a file of a few kilobytes has no bound. */
const MOST_MS = 2000;

const folder = mkdtempSync(join(tmpdir(), 'aofd-fuzz-'));
const readers = (await readersAsync(folder)).filter(({ name }) => name.includes(wanted));
const end = performance.now() + Number(minutes) * 60_000;
const placeFile = join(folder, 'place.txt');
process.stdout.write(`under way: ${placeFile}\n`);
let [files, faults] = [0, 0];

const fault = (text: string): void => {
  faults++;
  process.stdout.write(`${text}\n`);
};

for (let number = 0; performance.now() < end; number++) {
  for (const reader of readers) {
    const place = `${reader.name}, seed ${seed}, number ${number}`;
    writeFileSync(placeFile, place);
    const start = process.cpuUsage();
    const found = await fuzzOnceAsync(reader, folder, seed, number);
    const { user, system } = process.cpuUsage(start);
    const timeMs = (user + system) / 1000;
    files++;
    if (found) fault(`${place}: ${String((found.error as Error).stack ?? found.error)}`);
    else if (timeMs > MOST_MS) fault(`${place}: ${timeMs} ms`);
    const polluted = Object.keys(Object.prototype);
    if (polluted.length > 0) {
      fault(`${place}: Object.prototype has ${polluted.join(', ')}`);
      for (const key of polluted) Reflect.deleteProperty(Object.prototype, key);
    }
  }
}
rmSync(folder, { recursive: true });
process.stdout.write(`${files} damaged files, seed ${seed}: ${faults} faults\n`);
process.exitCode = faults > 0 ? 1 : 0;
