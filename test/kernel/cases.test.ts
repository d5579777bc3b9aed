import { readdirSync } from 'node:fs';
import type { Device } from '../../src/nn/index.js';
import type { OpCase } from './case.js';
import { checkGradientAsync, checkParityAsync, checkTwinGradient } from './runner.js';
import { testDeviceAsync } from './setup.js';

// The kernel table: every file of cases/ is one family. AOFD_CASE=text runs the cases whose
// "family/name" contains the text.
const folder = new URL('cases/', import.meta.url);
const filter = process.env['AOFD_CASE'] ?? '';
const families: { family: string; cases: OpCase[] }[] = [];
for (const file of readdirSync(folder)
  .filter((f) => f.endsWith('.ts'))
  .sort()) {
  const family = file.replace(/\.ts$/, '');
  const loaded = (await import(new URL(file, folder).href)) as { cases: OpCase[] };
  const cases = loaded.cases.filter((c) => `${family}/${c.name}`.includes(filter));
  if (cases.length > 0) families.push({ family, cases });
}

describe('kernels', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });
  for (const { family, cases } of families) {
    describe(family, () => {
      for (const test of cases) {
        const check = (what: string, body: () => Promise<void> | void): void => {
          it(`${test.name}: ${what}`, async function () {
            const reason = test.skip?.(device);
            if (reason) this.skip();
            await body();
          });
        };
        check('parity', () => checkParityAsync(device, test));
        if (test.twinGrad) {
          check('gradient', () => checkGradientAsync(device, test));
          if (test.fd !== false) check('twin gradient', () => checkTwinGradient(test));
        }
        const { lowLimit } = test;
        if (lowLimit !== undefined) {
          check('low limit', async () => {
            await checkParityAsync(device, test, lowLimit);
            await checkGradientAsync(device, test, lowLimit);
          });
        }
      }
    });
  }
});
