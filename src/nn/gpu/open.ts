import {
  adapterKind,
  isSoftware,
  platformAsync,
  type AdapterChoice,
  type Platform,
} from '../platform/index.js';
import type { AdapterSummary } from './context-types.js';
import { GpuContext } from './context.js';
import { NnError } from '../errors.js';

export interface OpenOptions {
  /** An adapter that was requested already, or part of its name, `swiftshader`, `lavapipe`, `gpu` or `auto` (default). */
  adapter?: GPUAdapter | string;
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
  const { adapter: asked, powerPreference } = options;
  const choice =
    typeof asked === 'object'
      ? givenAdapter(platform, asked)
      : await platform.requestAdapterAsync({
          ...(asked === undefined ? {} : { name: asked }),
          ...(powerPreference === undefined ? {} : { powerPreference }),
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
    isSoftware: isSoftware(kind) || isFallback(info),
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

/** An adapter that the caller requested. Each serves for one device, so there is none for helpers. */
function givenAdapter(platform: Platform, adapter: GPUAdapter): AdapterChoice {
  return {
    adapter,
    gpu: platform.gpu(),
    kind: adapterKind(adapter.info),
    source: platform.name === 'browser' ? 'browser' : 'system',
    againAsync: () => Promise.resolve(null),
    notice: null,
  };
}

/** Whether an adapter says that it stands in for a GPU. */
function isFallback(info: GPUAdapterInfo): boolean {
  return (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
}
