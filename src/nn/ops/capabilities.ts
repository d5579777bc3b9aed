import type { TensorDevice } from '../tensor/tensor.js';
import { debugPrint } from '../gpu/debug.js';
import type { Pass } from './tuning/table.js';
import type { MapCapabilities } from './map-plan.js';
import type { TileLimits } from './tile-plan.js';

/** What this device allows the tile kernels; `tile` names one that was found fastest. */
export function tileLimitsOf(device: TensorDevice, tile?: number): TileLimits {
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
export function mapCapabilitiesOf(device: TensorDevice): MapCapabilities {
  const { limits, bindingLimit, readsStorageTextures } = device.context;
  return {
    kind: device.kind,
    readsStorageTextures,
    maxTextureSide: limits.maxTextureDimension2D,
    maxTextureLayers: limits.maxTextureArrayLayers,
    bindingLimit,
  };
}

/** DEBUG=3: which kernels a layer (`key`) gets for each pass, and why. */
export function debugPlan(
  device: TensorDevice,
  key: string,
  plan: Record<Pass, string> & { reason: string },
): void {
  if (device.kernels.debugLevel < 3) return;
  const { forward, inputGradient, weightGradient, reason } = plan;
  debugPrint(`plan ${key}: ${forward}, dX ${inputGradient}, dW ${weightGradient} (${reason})`);
}
