/** Finding faces, and what covers them. */
import { Device, NnError, retryOutOfMemoryAsync } from '../../nn/index.js';
import type { Config } from '../config/index.js';
import type { DecodedImage } from '../data/sample.js';
import { AnchorCache, AofdModel, ParamStore, type ParamSpec } from '../model/index.js';
import {
  configOf,
  paramsOf,
  recommendedScore,
  type DetectorWeights,
} from '../weights/detector-weights.js';
import { detectedFaces, type DetectedFace } from './faces.js';
import {
  detectPassAsync,
  prepareKernelsAsync,
  runHeadOnceAsync,
  type PassResult,
} from './forward.js';
import type { Network } from './network.js';
import { keepBest } from './postprocess.js';
import { passGeometry, preparePicture, type Pass, type PreparedPicture } from './prepare.js';
import { completeSettings, overridden, passesOf, type DetectSettings } from './settings.js';
import { surroundings } from './surroundings.js';

export interface DetectorOptions extends DetectSettings {
  /** A weights file (Node), or weights in memory; default: the file that comes with the package. */
  weights?: string | DetectorWeights;
  /** An open device, or an adapter or its name to open one on; default: the automatic choice. */
  device?: Device | GPUAdapter | string;
  /** Replaces the configuration stored in the weights. */
  config?: Config;
}

/** What was found in one picture. */
export interface Detection {
  faces: DetectedFace[];
  /**
   * Wall time from pixels to faces, in milliseconds: making the network's inputs, wherever that was
   * done, and the passes over them. Pictures that share the device lengthen each other's.
   */
  timeMs: number;
  /** Size of the picture in pixels. */
  width: number;
  height: number;
}

/** File and hash of weights, where known. */
interface WeightsOrigin {
  readonly file: string | null;
  readonly sha256: string | null;
}

/**
 * A face detector on one device. Detections may run at the same time; memory stays the same over
 * any number of them. Call `dispose` at the end (or declare it with `using`).
 *
 * ```ts
 * using detector = await Detector.createAsync({ weights: 'weights/aofd-lite.safetensors' });
 * const { faces } = await detector.detectAsync('photo.jpg');
 * ```
 */
export class Detector implements Disposable, AsyncDisposable {
  readonly network: Network;
  readonly settings: Required<DetectSettings>;
  readonly weights: WeightsOrigin;
  readonly #anchors: AnchorCache;
  readonly #owns: { params: boolean; device: boolean };
  #isDisposed = false;
  /** Compiles the kernels, once; the first detection starts it. */
  #compiling: Promise<void> | null = null;

  private constructor(
    network: Network,
    settings: DetectSettings,
    weights: WeightsOrigin,
    owns: { params: boolean; device: boolean },
  ) {
    this.network = network;
    this.settings = completeSettings(network.config, settings);
    this.weights = weights;
    this.#anchors = new AnchorCache(network.model, network.config.boxes.convention);
    this.#owns = owns;
  }

  /**
   * Loads weights and opens a device.
   *
   * @throws NnError for weights without or with a wrong configuration, or that lack parameters;
   *   IoError for files that are damaged; PlatformError where no adapter can be used
   */
  static async createAsync(options: DetectorOptions = {}): Promise<Detector> {
    const given = options.weights;
    const weights =
      typeof given === 'object' ? given : await surroundings().readWeightsAsync(given);
    const where = weights.file ?? 'weights';
    const config = options.config ?? configOf(weights, where);
    const values = paramsOf(weights);
    completeSettings(config, options); // refuses wrong ones before anything is opened
    const asked = options.device;
    const isOwn = !(asked instanceof Device);
    const device = isOwn ? await Device.createAsync(asked ? { adapter: asked } : {}) : asked;
    const model = new AofdModel(config.model);
    let params: ParamStore | null = null;
    try {
      params = ParamStore.create(device, neededSpecs(model, values), 0);
      checkComplete(params.load(values, where), where);
      params.freezeForInference();
    } catch (error) {
      params?.dispose();
      if (isOwn) await device.destroyAsync();
      throw error;
    }
    const score = options.score ?? recommendedScore(weights);
    return new Detector(
      { config, model, params },
      { ...options, ...(score === undefined ? {} : { score }) },
      { file: weights.file ?? null, sha256: weights.sha256 ?? null },
      { params: true, device: isOwn },
    );
  }

  /** A detector over parameters that someone else owns, such as a network in training. */
  static fromModel(network: Network, settings: DetectSettings = {}): Detector {
    const unknown = { file: null, sha256: null };
    return new Detector(network, settings, unknown, { params: false, device: false });
  }

  get config(): Config {
    return this.network.config;
  }

  get device(): Device {
    return this.network.params.device;
  }

  /**
   * Finds faces.
   * @param image a decoded RGB picture, or in Node the path of one (turned by its EXIF orientation)
   * @param overrides settings for this call only
   */
  async detectAsync(
    image: DecodedImage | string,
    overrides: DetectSettings = {},
  ): Promise<Detection> {
    this.#check();
    const picture =
      typeof image === 'string' ? await surroundings().readPictureAsync(image) : image;
    checkPicture(picture);
    const passes = this.passes(overrides);
    const prepared = this.device.context.phase('prepare picture', () =>
      preparePicture(picture, this.config.input, passes),
    );
    return this.detectPreparedAsync(prepared, overrides);
  }

  /** The looks at a picture that a call with these settings takes: what `preparePicture` needs. */
  passes(overrides: DetectSettings = {}): Pass[] {
    return passesOf(this.#settingsOf(overrides));
  }

  /**
   * Finds faces in a picture that was prepared elsewhere, such as in another thread, by
   * `preparePicture(image, detector.config.input, detector.passes(overrides))`.
   */
  async detectPreparedAsync(
    picture: PreparedPicture,
    overrides: Omit<DetectSettings, 'scales' | 'flip'> = {},
  ): Promise<Detection> {
    this.#check();
    const start = performance.now();
    const settings = this.#settingsOf(overrides);
    const { width, height, passes } = picture;
    const [first] = passes;
    if (!first) {
      throw new NnError('settings', 'detector: the prepared picture has no passes.', {
        fix: 'prepare it for detector.passes(settings).',
      });
    }
    await (this.#compiling ??= prepareKernelsAsync(this.network, first));
    // What covers the faces is asked of one pass; of the others only boxes.
    const segmented = settings.occlusion ? passes.find((pass) => !pass.flip) : undefined;
    const results: PassResult[] = [];
    for (const pass of passes) {
      const wantsOccluders = pass === segmented;
      const runAsync = (): Promise<PassResult> =>
        detectPassAsync(this.network, this.#anchors, { pass, width, height }, { wantsOccluders });
      results.push(await retryOutOfMemoryAsync(this.device, runAsync));
    }
    const faces = this.device.context.phase('join faces', () =>
      this.#join(results, { width, height }, settings),
    );
    const timeMs = picture.timeMs + performance.now() - start;
    return { faces, timeMs, width, height };
  }

  /** Compiles every kernel; the first detection does it otherwise. */
  async compileAsync(): Promise<void> {
    this.#check();
    await (this.#compiling ??= prepareKernelsAsync(
      this.network,
      passGeometry({ width: 640, height: 480 }, this.config.input),
    ));
  }

  /**
   * Compiles every kernel for pictures of that size (default 640x480), so that the first detection
   * is as fast as the others. @returns milliseconds
   */
  async warmUpAsync(width = 640, height = 480): Promise<number> {
    this.#check();
    const start = performance.now();
    const data = new Uint8Array(width * height * 3).fill(127);
    await this.detectAsync({ width, height, data });
    // A grey picture may have no proposals.
    await runHeadOnceAsync(this.network);
    return performance.now() - start;
  }

  /** Frees the parameters, and the device where the detector opened it. */
  dispose(): void {
    this.disposeAsync().catch(() => undefined);
  }

  /** Like `dispose`; resolves when the device is gone. */
  async disposeAsync(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#owns.params) this.network.params.dispose();
    if (this.#owns.device) await this.device.destroyAsync();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disposeAsync();
  }

  #settingsOf(overrides: DetectSettings): Required<DetectSettings> {
    return completeSettings(this.config, overridden(this.settings, overrides));
  }

  #join(
    results: readonly PassResult[],
    size: { width: number; height: number },
    settings: Required<DetectSettings>,
  ): DetectedFace[] {
    const { config } = this;
    const best = keepBest(
      results.map((result) => result.candidates),
      config,
      settings,
    );
    const occluders = results.find((result) => result.occluders)?.occluders ?? null;
    return detectedFaces(best, occluders, size, config.test);
  }

  #check(): void {
    if (!this.#isDisposed) return;
    throw new NnError('use-after-free', 'this detector was disposed.', {
      fix: 'create a new one with Detector.createAsync, or dispose it later.',
    });
  }
}

/** The network's parameters; those of the mask generator, which detection does not use, only where given. */
function neededSpecs(model: AofdModel, values: ReadonlyMap<string, unknown>): ParamSpec[] {
  const specs = model.specs();
  const isGenerator = ({ group }: ParamSpec): boolean => group === 'generator';
  const hasGenerator = specs.some((spec) => isGenerator(spec) && values.has(spec.name));
  return hasGenerator ? specs : specs.filter((spec) => !isGenerator(spec));
}

function checkPicture({ width, height, data }: DecodedImage): void {
  if (width >= 1 && height >= 1 && data.length === width * height * 3) return;
  throw new NnError(
    'image',
    `detector: a ${width}x${height} picture needs ${width * height * 3} bytes of RGB, got ${data.length}.`,
    { fix: 'pass {width, height, data} with 3 bytes per pixel, row by row.' },
  );
}

function checkComplete({ missing }: { missing: string[] }, where: string): void {
  if (missing.length === 0) return;
  const shown = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', ...' : '');
  throw new NnError(
    'weights-missing',
    `${where}: ${missing.length} parameters are missing (${shown}).`,
    {
      fix: 'use a complete weights file of this network, as "aofd train" writes it.',
    },
  );
}
