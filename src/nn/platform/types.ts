import { NnError, type NnErrorOptions } from '../errors.js';

/** What a kind of adapter is, as far as choosing kernels and waiting is concerned. */
export type AdapterKind = 'lavapipe' | 'swiftshader' | 'gpu' | 'unknown';

/** How to choose an adapter. */
export interface AdapterRequest {
  /**
   * `auto` (default): the system's best adapter, else the embedded software one.
   * `swiftshader`: the embedded software adapter. `lavapipe` or `llvmpipe`: Mesa's software adapter.
   * `gpu`: hardware only. Anything else: part of the adapter's name, e.g. `rtx`.
   * In Node, the variable `AOFD_ADAPTER` is used when this is not given.
   */
  name?: string;
  powerPreference?: GPUPowerPreference;
}

/** An adapter and how it was found. */
export interface AdapterChoice {
  adapter: GPUAdapter;
  /** The instance that the adapter came from. */
  gpu: GPU;
  kind: AdapterKind;
  /** `embedded`: the software driver that came with the installed packages. */
  source: 'system' | 'embedded' | 'browser';
  /** The same adapter once more: each serves for one device only. */
  againAsync: () => Promise<GPUAdapter | null>;
  /** One line to show to the user (no line break), or null when there is nothing to say. */
  notice: string | null;
}

/** A table of tuned choices (see ops/tuning/table.ts). */
export interface TuningFile {
  /** Its content; the error where it cannot be read. */
  text: string | PlatformError;
  where: string;
  /** Came with the package; otherwise made on this machine. */
  isShipped: boolean;
}

/**
 * Everything that nn needs from its surroundings. `node/platform.ts` and `browser.ts` implement it;
 * nothing else in nn touches the file system, the DOM or the `webgpu` package.
 */
export interface Platform {
  readonly name: 'node' | 'browser';
  /** The WebGPU entry point of the adapter chosen last; before that, the system's own. */
  gpu(): GPU;
  /**
   * Chooses an adapter.
   * @throws PlatformError when no adapter fits; its `fix` says what to install or pass.
   */
  requestAdapterAsync(request?: AdapterRequest): Promise<AdapterChoice>;
  /** Names of the adapters that the system's drivers offer; empty where they cannot be listed. */
  adapterNamesAsync(): Promise<string[]>;
  /**
   * The WGSL text of a kernel or include, by its path under `kernels/`; `.wgsl` may be left out:
   * `conv/naive_conv`, `include/grid.wgsl`.
   * @throws PlatformError `kernel-not-found`.
   */
  loadKernelSource(name: string): string;
  /** Names of all kernels (without `.wgsl` and without includes), sorted. */
  kernelNames(): string[];
  /** Tables for an adapter, most important first. Absent: there are none here. */
  tuningFiles?(slug: string, kind: AdapterKind): TuningFile[];
  /**
   * Whether drivers of this kind make machine code at a pipeline's first launch, which may take a
   * second, rather than when the pipeline is created.
   */
  compilesAtLaunch(kind: AdapterKind): boolean;
  /**
   * How many further devices may compile for one: where machine code is made by one thread per device
   * and reaches the others through the driver's cache on the disk. 0 where there is no such cache.
   */
  compileHelpers(kind: AdapterKind): number;
  /** Milliseconds from an arbitrary start, monotonic. */
  now(): number;
  /** An environment variable; always undefined in a browser. */
  env(name: string): string | undefined;
  /**
   * Awaits a GPU promise. With a software adapter the JavaScript thread naps between polls, so that
   * the driver's threads get its core: naps start at 0.05 ms and grow to `maxSleepMs`.
   * @param maxSleepMs default: 1 with a software adapter, else 0 (a plain await)
   */
  settle<T>(promise: Promise<T>, maxSleepMs?: number): Promise<T>;
}

/** No adapter, no driver, no kernel file: what the surroundings lack. */
export class PlatformError extends NnError {
  constructor(code: string, message: string, options: NnErrorOptions = {}) {
    super(code, message, { kind: 'device', ...options });
    this.name = 'PlatformError';
  }
}

/** Recognises the kind of an adapter by what it says of itself. */
export function adapterKind(info: GPUAdapterInfo): AdapterKind {
  const text =
    `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  if (text.includes('swiftshader')) return 'swiftshader';
  if (text.includes('llvmpipe') || text.includes('lavapipe')) return 'lavapipe';
  const isFallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  if (isFallback || text.includes('basic render') || text.includes('software')) return 'unknown';
  return text.trim() === '' ? 'unknown' : 'gpu';
}

/** True when the adapter computes on this machine's CPU. */
export function isSoftware(kind: AdapterKind): boolean {
  return kind === 'lavapipe' || kind === 'swiftshader';
}
