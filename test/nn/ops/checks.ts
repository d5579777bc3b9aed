import type { Device } from '../../../src/nn/index.js';
import type { OpCase } from './case.js';
import { checkGradientAsync, checkParityAsync, checkTwinGradient } from './runner.js';

/** One way in which a case is run. */
export interface Check {
  what: 'parity' | 'gradient' | 'twin gradient' | 'low limit';
  /** Throws where it fails. */
  run(device: Device): Promise<void> | void;
}

/** The checks of a row of the table; `twin gradient` alone does not use the device. */
export function checksOf(test: OpCase): Check[] {
  const checks: Check[] = [{ what: 'parity', run: (device) => checkParityAsync(device, test) }];
  if (test.twinGrad) {
    checks.push({ what: 'gradient', run: (device) => checkGradientAsync(device, test) });
    if (test.fd !== false)
      checks.push({ what: 'twin gradient', run: () => checkTwinGradient(test) });
  }
  const { lowLimit } = test;
  if (lowLimit !== undefined) {
    checks.push({
      what: 'low limit',
      async run(device) {
        await checkParityAsync(device, test, lowLimit);
        await checkGradientAsync(device, test, lowLimit);
      },
    });
  }
  return checks;
}
