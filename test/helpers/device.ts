import { Device } from '../../src/nn/index.js';

let opened: Promise<Device> | null = null;

/**
 * The one device of this test process, opened on first use (the adapter is that of AOFD_ADAPTER,
 * or the automatic choice). It stays open until the process ends: the next file of tests goes on with it.
 */
export function testDeviceAsync(): Promise<Device> {
  return (opened ??= Device.createAsync());
}
