import { isSoftware, platformAsync } from '../platform/index.js';
import type { AdapterSummary } from './context-types.js';
import { GpuContext } from './context.js';
import { NnError } from '../errors.js';

export interface OpenOptions {
  /** Part of the adapter's name, `swiftshader`, `lavapipe`, `gpu` or `auto` (default). */
  adapter?: string;
  /** Lower limits than the adapter offers; tests use it to reach the windowed paths. */
  bindingLimit?: number;
  /** Extra power preference for machines with two GPUs. */
  powerPreference?: GPUPowerPreference;
}

const wantedFeatures = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxStorageTexturesPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxTextureDimension2D',
  'maxTextureArrayLayers',
] as const;

/** Chooses an adapter and opens a device with every limit and feature that it offers and we use. */
export async function openContextAsync(
  options: OpenOptions = {},
): Promise<{ context: GpuContext; notice: string | null }> {
  const platform = await platformAsync();
  const choice = await platform.requestAdapterAsync({
    ...(options.adapter === undefined ? {} : { name: options.adapter }),
    ...(options.powerPreference === undefined ? {} : { powerPreference: options.powerPreference }),
  });
  const { adapter, kind } = choice;
  const requiredFeatures = wantedFeatures.filter((f) =>
    adapter.features.has(f),
  ) as GPUFeatureName[];
  const requiredLimits: Record<string, number> = {};
  for (const name of wantedLimits) requiredLimits[name] = adapter.limits[name];
  requiredLimits['minUniformBufferOffsetAlignment'] =
    adapter.limits.minUniformBufferOffsetAlignment;
  requiredLimits['minStorageBufferOffsetAlignment'] =
    adapter.limits.minStorageBufferOffsetAlignment;
  let gpu: GPUDevice;
  try {
    gpu = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new NnError(
      'no-device',
      `the adapter "${adapter.info.description || adapter.info.device}" gave no device.`,
      {
        kind: 'device',
        cause,
        fix: 'run `aofd doctor`, or choose another adapter with --device.',
      },
    );
  }
  const { info } = adapter;
  const summary: AdapterSummary = {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    kind,
    isSoftware: isSoftware(kind),
    subgroupMinSize: info.subgroupMinSize ?? 0,
    subgroupMaxSize: info.subgroupMaxSize ?? 0,
  };
  const context = new GpuContext(platform, gpu, summary, {
    bindingLimit: options.bindingLimit,
    readsStorageTextures: choice.gpu.wgslLanguageFeatures.has(
      'readonly_and_readwrite_storage_textures',
    ),
    openHelperAsync: async () => {
      const again = await choice.againAsync();
      if (!again) throw new NnError('no-adapter', 'the adapter is gone.', { kind: 'device' });
      return platform.settle(again.requestDevice({ requiredFeatures, requiredLimits }));
    },
  });
  return { context, notice: choice.notice };
}
