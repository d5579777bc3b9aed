import type { Device } from '../../../src/nn/index.js';
import { loadFamiliesAsync } from './families.js';
import { checkGradientAsync, checkParityAsync, checkTwinGradient } from './runner.js';
import { testDeviceAsync } from '../../helpers/device.js';

// AOFD_CASE=text runs the cases whose "family/name" contains the text. The same table is timed, and
// listed by support, by `npm run kernels`.
const families = await loadFamiliesAsync(process.env['AOFD_CASE'] ?? '');

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
