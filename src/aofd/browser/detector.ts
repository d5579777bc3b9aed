/** The detector as pages use it. */
import { NnError } from '../../nn/errors.js';
import { platformAsync } from '../../nn/platform/index.js';
import type { Config } from '../config/index.js';
import { Detector as Core, type Detection } from '../detect/detector.js';
import { withoutCloserLooks, type DetectSettings } from '../detect/settings.js';
import { configOf } from '../weights/detector-weights.js';
import { describeAdapter, type AdapterInfo } from './adapter-info.js';
import { BrowserError } from './errors.js';
import { weightsOfAsync } from './download.js';
import { pixelsOfAsync, type PictureSource } from './pixels.js';
import { VideoDetector } from './video.js';

/** Where `Detector.createAsync` is. */
export interface Progress {
  /** Downloading the weights, compiling the kernels, or done. */
  phase: 'download' | 'compile' | 'ready';
  /** While downloading: bytes so far, and all of them where the server says how many. */
  loaded?: number;
  total?: number;
}

/** What may differ from one call to the next. */
export interface DetectOptions extends Omit<DetectSettings, 'scales'> {
  /** Long side of the network's input in pixels; smaller is faster, larger finds smaller faces. */
  maxSize?: number;
}

export interface DetectorOptions extends DetectOptions {
  /** Address or bytes of a weights file; default: the file beside this module. */
  weights?: URL | string | ArrayBuffer | Uint8Array;
  /** Called while the detector gets ready. */
  onProgress?: (progress: Progress) => void;
  /** The adapter to compute on; default: the one that the browser prefers for speed. */
  adapter?: GPUAdapter;
}

/**
 * The weights that lie beside this module.
 * @throws BrowserError `weights-download` where a bundler took away the module's own address
 */
export function defaultWeightsUrl(): URL {
  try {
    return new URL('./aofd-lite.web.safetensors', import.meta.url);
  } catch (cause) {
    throw new BrowserError('weights-download', 'the address of this module is not known.', {
      cause,
      fix: 'bundle as ES modules, or pass the address of the weights: Detector.createAsync({ weights: "/models/aofd-lite.web.safetensors" }).',
    });
  }
}

/**
 * Finds faces, and what covers them, in pictures, canvases and videos of a page or worker. Nothing leaves the
 * device: the only requests are those for the weights and for pictures given by address.
 *
 * ```ts
 * const detector = await Detector.createAsync();
 * const { faces } = await detector.detectAsync(document.querySelector('img'));
 * ```
 */
export class Detector implements Disposable, AsyncDisposable {
  /** The detector of `aofd` that does the work; for looks inside of the network. */
  readonly core: Core;
  readonly adapterInfo: AdapterInfo;

  private constructor(core: Core) {
    this.core = core;
    this.adapterInfo = describeAdapter(core.device);
  }

  /**
   * Downloads the weights, opens the GPU and compiles the kernels.
   *
   * @throws PlatformError `no-webgpu`, `insecure-context` or `no-adapter` where there is no WebGPU, with what to
   *   do about it; BrowserError `weights-download`; IoError and NnError for files that are no weights
   */
  static async createAsync(options: DetectorOptions = {}): Promise<Detector> {
    const { weights: source, onProgress, adapter, maxSize, ...settings } = options;
    if (maxSize !== undefined) checkMaxSize(maxSize, 8192);
    // Where there is no GPU to use, that is said before anything is downloaded.
    const chosen = adapter ?? (await (await platformAsync()).requestAdapterAsync()).adapter;
    onProgress?.({ phase: 'download', loaded: 0 });
    const weights = await weightsOfAsync(source ?? defaultWeightsUrl(), (loaded, total) =>
      onProgress?.({ phase: 'download', loaded, ...(total === undefined ? {} : { total }) }),
    );
    onProgress?.({ phase: 'compile' });
    const config = withMaxSize(configOf(weights, weights.file ?? 'weights'), maxSize);
    const core = await Core.createAsync({ ...settings, weights, config, device: chosen });
    try {
      await core.compileAsync();
    } catch (error) {
      await core.disposeAsync().catch(() => undefined);
      throw error;
    }
    onProgress?.({ phase: 'ready' });
    return new Detector(core);
  }

  /**
   * Finds faces. Boxes and masks are in pixels of the picture itself, whatever its size on the page.
   *
   * @param source an image, canvas, video (its present frame), ImageBitmap, ImageData, VideoFrame, Blob or File,
   *   or an address
   * @throws BrowserError where the source holds no picture, or one whose pixels the page may not read
   */
  async detectAsync(source: PictureSource, options: DetectOptions = {}): Promise<Detection> {
    return this.core.detectAsync(await pixelsOfAsync(source), this.settingsOf(options));
  }

  /** Detection in the frames of a video or camera; memory and kernels stay the same from frame to frame. */
  forVideo(video: HTMLVideoElement, options: DetectOptions = {}): VideoDetector {
    return new VideoDetector(this.core, video, this.settingsOf(options));
  }

  /** Frees everything on the GPU; resolves when it is gone. */
  async disposeAsync(): Promise<void> {
    await this.core.disposeAsync();
  }

  /** Like `disposeAsync`, without a promise. */
  dispose(): void {
    this.core.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disposeAsync();
  }

  /** A page's options as the detector's own settings. */
  private settingsOf({ maxSize, ...settings }: DetectOptions): DetectSettings {
    if (maxSize === undefined) return settings;
    const usual = this.core.config.input.maxSize;
    checkMaxSize(maxSize, 8 * usual);
    return { ...settings, scales: [maxSize / usual] };
  }
}

function withMaxSize(config: Config, maxSize: number | undefined): Config {
  if (maxSize === undefined) return config;
  const sized = { ...config, input: { ...config.input, maxSize } };
  // Who asks for a smaller input wants it fast.
  return maxSize < config.input.maxSize ? withoutCloserLooks(sized) : sized;
}

function checkMaxSize(maxSize: number, most: number): void {
  if (maxSize >= 1 && maxSize <= most) return;
  throw new NnError('settings', `maxSize is ${maxSize}.`, {
    fix: `give 1 to ${Math.floor(most)} pixels.`,
  });
}
