import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { fuzzOnceAsync, placeOf, readersAsync } from '../helpers/fuzz/index.js';
import { useSuiteFolder } from '../helpers/temp-folder.js';

/** Damaged files of each kind; `npm run fuzz` reads more. */
const FILES = 25;
const SEED = 13;

describe('damaged files', function () {
  this.timeout(120_000);
  const at = useSuiteFolder();

  it('give a value or an error for people, whatever reads them', async () => {
    const faults: string[] = [];
    for (const reader of await readersAsync(at())) {
      // Every good file must be read: damage to something refused anyway would show nothing.
      const good = placeOf(reader, at());
      writeFileSync(good, reader.good);
      await reader.read(good);
      for (let number = 0; number < FILES; number++) {
        const found = await fuzzOnceAsync(reader, at(), SEED, number);
        if (found) faults.push(`${found.reader} #${number}: ${String(found.error)}`);
      }
    }
    expect(faults).to.deep.equal([]);
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
  });
});
