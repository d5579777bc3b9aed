import type { Device } from '../../../src/nn/index.js';
import { checksOf } from './checks.js';
import { loadFamiliesAsync } from './families.js';
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
        for (const { what, run } of checksOf(test)) {
          it(`${test.name}: ${what}`, async function () {
            const reason = test.skip?.(device);
            if (reason) this.skip();
            await run(device);
          });
        }
      }
    });
  }
});
