import { expect } from 'chai';
import { dirname } from 'node:path';
import { fuzzOnceAsync, readersAsync } from '../helpers/fuzz.js';
import { useSuiteFolder } from '../helpers/temp-folder.js';

/** Damaged files of each kind; `npm run fuzz` reads more. */
const FILES = 40;
const SEED = 13;

describe('damaged files', function () {
  this.timeout(60_000);
  const at = useSuiteFolder();

  it('give a value or an error for people, whatever reads them', async () => {
    const faults: string[] = [];
    for (const reader of await readersAsync()) {
      await reader.read(await goodAsync(reader.file, reader.good));
      for (let number = 0; number < FILES; number++) {
        const found = await fuzzOnceAsync(reader, at(), SEED, number);
        if (found) faults.push(`${found.reader} #${number}: ${String(found.error)}`);
      }
    }
    expect(faults).to.deep.equal([]);
  });

  /** Every good file must be read: damage to something refused anyway would show nothing. */
  async function goodAsync(name: string, content: Uint8Array): Promise<string> {
    const fs = await import('node:fs');
    const file = at(`good/${name}`);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  }
});
