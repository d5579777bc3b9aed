import type { Device } from '../tensor/device.js';
import type { MapCapabilities } from './map-plan.js';
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
    isSoftware: device.adapter.isSoftware,
    ...(tile === undefined ? {} : { tile }),
  };
}

/** What this device allows the operations over maps. */
export function mapCapabilitiesOf(device: Device): MapCapabilities {
  const { limits, bindingLimit, readsStorageTextures } = device.context;
  return {
    kind: device.kind,
    readsStorageTextures,
    maxTextureSide: limits.maxTextureDimension2D,
    maxTextureLayers: limits.maxTextureArrayLayers,
    bindingLimit,
  };
}
