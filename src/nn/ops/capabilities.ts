import type { Device } from '../tensor/device.js';
import type { TileLimits } from './tile-plan.js';

/** What this device allows the tile kernels. */
export function tileLimitsOf(device: Device): TileLimits {
  const { limits, bindingLimit } = device.context;
  return {
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    invocations: Math.min(
      limits.maxComputeInvocationsPerWorkgroup,
      limits.maxComputeWorkgroupSizeX,
    ),
    bindingLimit,
  };
}
