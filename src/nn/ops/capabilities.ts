import type { Device } from '../tensor/device.js';
import type { TileLimits } from './tile-plan.js';

/** What this device allows the tile kernels; `tile` names one that was found fastest. */
export function tileLimitsOf(device: Device, tile?: number): TileLimits {
  const { limits, bindingLimit } = device.context;
  return {
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    invocations: Math.min(
      limits.maxComputeInvocationsPerWorkgroup,
      limits.maxComputeWorkgroupSizeX,
    ),
    bindingLimit,
    ...(tile === undefined ? {} : { tile }),
  };
}
