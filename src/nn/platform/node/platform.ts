/** WebGPU in Node through Dawn. The only file of the project that imports the `webgpu` package. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { create, globals } from 'webgpu';
import { aroundDriver } from './driver-calls.js';
import { packageRoot } from './packages.js';
import { Napper } from './settle.js';
import { unpackEmbeddedDriver } from './swiftshader.js';
import { readTuningFiles } from './tuning-files.js';
import { driverManifests, loadLibrary } from './vulkan-files.js';
import type { AdapterChoice, AdapterKind, AdapterRequest, Platform } from '../types.js';
import { adapterKind, isSoftware, PlatformError } from '../types.js';

/** Real timestamps: quantised ones are multiples of 65 us. */
const DAWN_OPTIONS = ['disable-dawn-features=timestamp_quantization'];

/**
 * One instance of the driver for each set of options, for good: an instance has threads and memory of
 * its own that are never given back, and dies with its devices when its object is collected. Kept
 * outside of this module, which a program may hold twice (bundled, or in two versions).
 */
const held = globalThis as { __aofdGpuInstances?: Map<string, GPU> };

let embeddedGpu: GPU | null = null;
let chosenGpu: GPU | null = null;
let hasLoader: boolean | null = null;
/** Longest nap of `settle`; 0 while no software adapter is in use. */
let defaultSleepMs = 0;

Object.assign(globalThis, globals);

const instances = (held.__aofdGpuInstances ??= new Map<string, GPU>());

/** The instance of the system's drivers or of the embedded one, made when it is first asked for. */
function instance(driver: 'system' | 'embedded'): GPU {
  let gpu = instances.get(driver);
  if (!gpu) instances.set(driver, (gpu = create([...DAWN_OPTIONS])));
  return gpu;
}

/** Whether the system has a Vulkan loader (always true where Dawn does not use Vulkan). */
function hasVulkanLoader(): boolean {
  if (process.platform !== 'linux') return true;
  hasLoader ??= loadLibrary('libvulkan.so.1');
  return hasLoader;
}

/** Whether any Vulkan driver is registered; if not, Dawn would only print warnings of its own. */
function hasVulkanDriver(): boolean {
  if (process.platform !== 'linux') return true;
  if (!hasVulkanLoader()) return false;
  return driverManifests().length > 0;
}

/** One adapter of an instance, or null. */
async function firstAdapter(
  gpu: GPU,
  powerPreference: GPUPowerPreference = 'high-performance',
): Promise<GPUAdapter | null> {
  return aroundDriver(() => gpu.requestAdapter({ powerPreference }));
}

async function requestSystem(request: AdapterRequest): Promise<AdapterChoice | null> {
  if (!hasVulkanDriver()) return null;
  const gpu = instance('system');
  const adapter = await firstAdapter(gpu, request.powerPreference);
  return adapter && choice(adapter, gpu, 'system');
}

/** Asks Dawn for an adapter by part of its name; it answers a wrong name with a list of those there are. */
async function findNamedAsync(name: string): Promise<AdapterChoice | readonly string[]> {
  if (!hasVulkanDriver()) return [];
  try {
    const option = `adapter=${name}`;
    const gpu = instances.get(option) ?? create([...DAWN_OPTIONS, option]);
    const adapter = await firstAdapter(gpu);
    if (!adapter) return [];
    instances.set(option, gpu);
    return choice(adapter, gpu, 'system');
  } catch (error) {
    return [...(error as Error).message.matchAll(/name: '([^']*)'/g)].map((m) => m[1] as string);
  }
}

async function requestNamed(name: string): Promise<AdapterChoice> {
  const found = await findNamedAsync(name);
  if ('adapter' in found) return found;
  throw new PlatformError(
    'no-adapter',
    `platform: no adapter has "${name}" in its name (system adapters: ${found.join(', ') || 'none'}; always: swiftshader).`,
    { fix: 'pass part of one of these names, or leave the choice to the program (auto).' },
  );
}

async function requestEmbedded(isForced: boolean): Promise<AdapterChoice> {
  if (embeddedGpu === null) {
    const driver = unpackEmbeddedDriver();
    if (!hasVulkanLoader() && !loadLibrary(driver.loaderFile)) {
      throw new PlatformError(
        'no-adapter',
        `platform: the embedded Vulkan loader ${driver.loaderFile} could not be loaded.`,
        {
          fix: 'install the system loader (Debian: libvulkan1), or set AOFD_CACHE_DIR to a folder that allows programs to run.',
        },
      );
    }
    // The Vulkan loader reads these once, while the instance is made.
    const names = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'] as const;
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = driver.icdFile;
    try {
      embeddedGpu = instance('embedded');
      await firstAdapter(embeddedGpu);
    } finally {
      names.forEach((name, i) => {
        if (before[i] === undefined) delete process.env[name];
        else process.env[name] = before[i];
      });
    }
  }
  const adapter = await firstAdapter(embeddedGpu);
  if (!isMainThread && (adapter === null || adapterKind(adapter.info) !== 'swiftshader')) {
    embeddedGpu = null;
    instances.delete('embedded');
    // A thread's process.env is a copy, which the Vulkan loader does not see.
    throw new PlatformError(
      'no-adapter',
      'platform: the embedded software adapter cannot be loaded in a worker thread that has its own environment.',
      {
        fix: "start the thread with new Worker(file, { env: SHARE_ENV }), SHARE_ENV of 'node:worker_threads', or install a Vulkan driver (Debian: mesa-vulkan-drivers).",
      },
    );
  }
  if (adapter === null) {
    throw new PlatformError(
      'no-adapter',
      'platform: neither the system nor the embedded software adapter works here.',
      {
        fix: 'run "aofd doctor" for details; install a Vulkan driver (Debian: mesa-vulkan-drivers from bookworm-backports).',
      },
    );
  }
  const found = choice(adapter, embeddedGpu, 'embedded');
  if (!isForced) {
    found.notice =
      'No usable Vulkan driver: using the embedded software adapter (SwiftShader), which is slow. ' +
      'For a faster one install a driver for your GPU or Mesa lavapipe ' +
      '(Debian 12: apt install -t bookworm-backports mesa-vulkan-drivers).';
  }
  return found;
}

function choice(adapter: GPUAdapter, gpu: GPU, source: AdapterChoice['source']): AdapterChoice {
  const againAsync = (): Promise<GPUAdapter | null> => firstAdapter(gpu);
  return { adapter, gpu, kind: adapterKind(adapter.info), source, againAsync, notice: null };
}

/**
 * Electron keeps V8's memory in a cage, and Dawn's binding gives mapped buffers as memory of its own: reading
 * the first result would end with a vague error or with the process.
 */
function refuseElectron(): void {
  const electron = process.versions['electron'];
  if (electron === undefined) return;
  throw new PlatformError(
    'electron',
    `platform: Electron ${electron} does not let native libraries share memory with JavaScript, so no result of the WebGPU binding could be read.`,
    {
      fix: 'use aofd/browser in a window, or run this in a process of Node itself (docs/usage.md, "Electron").',
    },
  );
}

async function chooseAdapter(request: AdapterRequest): Promise<AdapterChoice> {
  refuseElectron();
  const name = (request.name || process.env.AOFD_ADAPTER || 'auto').toLowerCase();
  switch (name) {
    case 'auto':
      return (await requestSystem(request)) ?? (await requestEmbedded(false));
    case 'swiftshader':
      return requestEmbedded(true);
    case 'lavapipe':
      return requestNamed('llvmpipe');
    case 'gpu': {
      const found = await requestSystem(request);
      if (found && found.kind === 'gpu') return found;
      throw new PlatformError(
        'no-adapter',
        `platform: no hardware adapter was found${found ? ` (only ${found.adapter.info.description})` : ''}.`,
        { fix: 'install the driver of your GPU, or pass "auto" to accept a software adapter.' },
      );
    }
    default:
      return requestNamed(request.name || process.env.AOFD_ADAPTER || name);
  }
}

const kernelRoot = (): string => path.join(packageRoot(), 'kernels');

const sources = new Map<string, string>();

function loadKernelSource(name: string): string {
  const relative = name.endsWith('.wgsl') ? name : `${name}.wgsl`;
  let text = sources.get(relative);
  if (text === undefined) {
    const root = kernelRoot();
    const file = path.join(root, ...relative.split('/'));
    try {
      if (path.relative(root, file).startsWith('..')) throw new Error('outside kernels/');
      text = fs.readFileSync(file, 'utf8');
    } catch {
      throw new PlatformError(
        'kernel-not-found',
        `platform: there is no kernel "${name}" (looked for kernels/${relative}).`,
        { fix: 'check the spelling; names are paths under kernels/, such as "pool/max_pool".' },
      );
    }
    sources.set(relative, text);
  }
  return text;
}

function kernelNames(): string[] {
  return fs
    .readdirSync(kernelRoot(), { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.wgsl') && !file.startsWith('include/'))
    .map((file) => file.slice(0, -'.wgsl'.length))
    .sort();
}

const napCell = new Int32Array(new SharedArrayBuffer(4));
const napper = new Napper({
  nap: (ms) => void Atomics.wait(napCell, 0, 0, ms),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
});

/** More threads than this find too little to share. */
const MOST_HELPERS = 3;

/**
 * lavapipe compiles in one thread per device; Mesa's cache on the disk is what devices share. Mesa's
 * own variables switch it off.
 */
function compileHelpers(kind: AdapterKind): number {
  const isOff = ['MESA_SHADER_CACHE_DISABLE', 'MESA_GLSL_CACHE_DISABLE'].some((name) =>
    /^(1|true|yes|on|y|t)$/i.test(process.env[name] ?? ''),
  );
  if (kind !== 'lavapipe' || isOff) return 0;
  return Math.min(MOST_HELPERS, os.availableParallelism() - 1);
}

/** The platform of Node.js. */
export const nodePlatform: Platform = {
  name: 'node',
  gpu(): GPU {
    return chosenGpu ?? instance('system');
  },
  async requestAdapterAsync(request: AdapterRequest = {}): Promise<AdapterChoice> {
    const found = await chooseAdapter(request);
    chosenGpu = found.gpu;
    defaultSleepMs = isSoftware(found.kind) ? 1 : 0;
    return found;
  },
  async adapterNamesAsync(): Promise<string[]> {
    const found = await findNamedAsync('(no adapter has this name)');
    return 'adapter' in found ? [] : [...found];
  },
  loadKernelSource,
  kernelNames,
  tuningFiles: (slug, kind) => readTuningFiles(kernelRoot(), slug, kind),
  compilesAtLaunch: (kind) => kind === 'lavapipe',
  compileHelpers,
  now: () => performance.now(),
  env: (name) => process.env[name],
  settle: (promise, maxSleepMs = defaultSleepMs) => napper.settle(promise, maxSleepMs),
};
