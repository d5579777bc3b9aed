import { after } from 'mocha';
import { Device } from '../../src/nn/index.js';

let opened: Promise<Device> | null = null;

/**
 * The one device of this test process, opened on first use (the adapter is that of AOFD_ADAPTER,
 * or the automatic choice) and closed after the last test.
 */
export function testDeviceAsync(): Promise<Device> {
  opened ??= Device.createAsync();
  return opened;
}

after(async () => {
  if (!opened) return;
  const device = await opened;
  opened = null;
  await device.destroyAsync();
});
