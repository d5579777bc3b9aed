import type { Device } from '../../src/nn/index.js';

/** What tests of the paths that other adapters take change on an open device. */
export interface Pretended {
  bindingLimit?: number;
  readsStorageTextures?: boolean;
  storesThroughBuffers?: boolean;
  subgroupSize?: number;
}

/**
 * Lets an open device behave like one of another adapter, without compiling every kernel anew. Outside
 * of tests these are fixed when a device is opened.
 */
export function pretend(device: Device, changes: Pretended): void {
  const { subgroupSize, ...context } = changes;
  Object.assign(device.context, context);
  if (subgroupSize !== undefined) Object.assign(device, { subgroupSize });
}
