/** WebGPU of a browser; kernels are embedded in the bundle (./embedded-kernels.ts). */
import type { AdapterChoice, AdapterRequest, Platform } from './types.js';
import { adapterKind, PlatformError } from './types.js';

/**
 * @param kernelSources WGSL text by path under `kernels/` without `.wgsl` for kernels
 *   (`conv/naive_conv`) and with it for includes (`include/grid.wgsl`)
 */
export function createBrowserPlatform(kernelSources: Record<string, string>): Platform {
  const gpu = (): GPU => {
    const scope = globalThis as { navigator?: { gpu?: GPU }; isSecureContext?: boolean };
    const found = scope.navigator?.gpu;
    if (found) return found;
    if (scope.isSecureContext === false) {
      throw new PlatformError(
        'insecure-context',
        'platform: browsers give WebGPU to secure pages only, and this one is neither https nor localhost.',
        { fix: 'serve the page over https, or open it as http://localhost while you develop.' },
      );
    }
    throw new PlatformError('no-webgpu', 'platform: this browser has no WebGPU here.', {
      fix: 'use a current Chrome, Edge, Safari or Firefox with hardware acceleration on; on Linux, Chrome may need chrome://flags/#enable-unsafe-webgpu.',
    });
  };
  return {
    name: 'browser',
    gpu,
    async requestAdapterAsync(request: AdapterRequest = {}): Promise<AdapterChoice> {
      const adapter = await gpu().requestAdapter({
        powerPreference: request.powerPreference ?? 'high-performance',
      });
      if (adapter === null) {
        throw new PlatformError('no-adapter', 'platform: the browser found no WebGPU adapter.', {
          fix: 'turn on hardware acceleration in the settings, look at chrome://gpu, update the graphics driver, or try another browser.',
        });
      }
      const kind = adapterKind(adapter.info);
      const againAsync = (): Promise<GPUAdapter | null> => gpu().requestAdapter();
      return { adapter, gpu: gpu(), kind, source: 'browser', againAsync, notice: null };
    },
    adapterNamesAsync: () => Promise.resolve([]),
    loadKernelSource(name: string): string {
      const key = name.startsWith('include/') ? name : name.replace(/\.wgsl$/, '');
      const text = kernelSources[key] ?? kernelSources[`${key}.wgsl`];
      if (text !== undefined) return text;
      throw new PlatformError(
        'kernel-not-found',
        `platform: no kernel "${name}" is embedded in this bundle.`,
        { fix: 'build the bundle again: npm run build:browser.' },
      );
    },
    kernelNames: () =>
      Object.keys(kernelSources)
        .filter((key) => !key.startsWith('include/'))
        .sort(),
    compilesAtLaunch: () => false,
    compileHelpers: () => 0,
    now: () => performance.now(),
    env: () => undefined,
    settle: (promise) => promise,
  };
}
