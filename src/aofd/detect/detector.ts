/** Finding faces, and what covers them. */
import { Device, NnError, retryOutOfMemoryAsync } from '../../nn/index.js';
import { toFloat32, type StoredTensor } from '../../nn/io/index.js';
import { resolveConfig, type Config } from '../config/index.js';
import type { DecodedImage } from '../data/sample.js';
import { AnchorCache, AofdModel, ParamStore, type HostParam } from '../model/index.js';
import {
  detectPassAsync,
  headOnDevice,
  prepareKernelsAsync,
  type DetectorParts,
  type PassResult,
} from './forward.js';
import { DetectedFace, keepBest, occlusionIn } from './postprocess.js';
import { prepareImage, type PrepareOptions, type PreparedImage } from './preprocess.js';

/** Weights in memory, as `parseSafetensors` gives them; metadata `config` holds the configuration. */
export interface DetectorWeights {
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Where they came from, for messages and reports. */
  file?: string;
  sha256?: string;
}

/** What may differ from one call to the next. */
export interface DetectSettings {
  /** Least probability of a face; default 0.5, or what the weights file recommends. */
  score?: number;
  /** A face is dropped where it overlaps a better one by more (IoU); default from the config. */
  nmsIou?: number;
  /** Faces per picture at most; default from the config. */
  maxDetections?: number;
  /** Segment what covers the faces (default true). */
  occlusion?: boolean;
  /**
   * Looks at the picture at these multiples of the configured size and joins what is found, e.g.
   * `[1, 1.5]` for smaller faces. Default `[1]`.
   */
  scales?: readonly number[];
  /** Looks at the mirrored picture too (default false). */
  flip?: boolean;
}

export interface DetectorOptions extends DetectSettings {
  /** A weights file (Node), or weights in memory; default: the file that comes with the package. */
  weights?: string | DetectorWeights;
  /** An open device, or an adapter's name; default: the automatic choice. */
  device?: Device | string;
  /** Replaces the configuration stored in the weights. */
  config?: Config;
}

/** What was found in one picture. */
export interface Detection {
  faces: DetectedFace[];
  /** From pixels to faces, in milliseconds. */
  timeMs: number;
  /** Size of the picture in pixels. */
  width: number;
  height: number;
}

/** Score threshold where neither caller nor weights name one. */
export const DEFAULT_SCORE = 0.5;

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
  readonly config: Config;
  readonly model: AofdModel;
  readonly params: ParamStore;
  readonly device: Device;
  readonly settings: Required<DetectSettings>;
  /** File and hash of the weights, where known. */
  readonly weights: { file: string | null; sha256: string | null };
  readonly #anchors: AnchorCache;
  readonly #ownsParams: boolean;
  readonly #ownsDevice: boolean;
  #isDisposed = false;
  /** Compiles the kernels, once; the first detection starts it. */
  #prepared: Promise<void> | null = null;

  private constructor(
    parts: DetectorParts,
    settings: DetectSettings,
    weights: { file: string | null; sha256: string | null },
    owns: { params: boolean; device: boolean },
  ) {
    this.config = parts.config;
    this.model = parts.model;
    this.params = parts.params;
    this.device = parts.params.device;
    this.settings = completeSettings(parts.config, settings);
    this.weights = weights;
    this.#anchors = new AnchorCache(parts.model, parts.config.boxes.convention);
    this.#ownsParams = owns.params;
    this.#ownsDevice = owns.device;
  }

  /**
   * Loads weights and opens a device.
   *
   * @throws NnError for weights without or with a wrong configuration, or that lack parameters;
   *   IoError for files that are damaged; PlatformError where no adapter can be used
   */
  static async createAsync(options: DetectorOptions = {}): Promise<Detector> {
    const weights = await weightsOf(options.weights);
    const where = weights.file ?? 'weights';
    const config = options.config ?? configOf(weights, where);
    const values = hostParams(weights);
    completeSettings(config, options); // refuses wrong ones before anything is opened
    const given = options.device;
    const isOwn = !(given instanceof Device);
    const device = isOwn ? await Device.createAsync(given ? { adapter: given } : {}) : given;
    const model = new AofdModel(config.model);
    let params: ParamStore | null = null;
    try {
      params = ParamStore.create(device, model.specs(), 0);
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
  static fromModel(parts: DetectorParts, settings: DetectSettings = {}): Detector {
    return new Detector(
      parts,
      settings,
      { file: null, sha256: null },
      { params: false, device: false },
    );
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
    const picture = typeof image === 'string' ? await decodeAsync(image) : image;
    checkPicture(picture);
    const start = performance.now();
    const prepared = this.passes(overrides).map((pass) =>
      this.device.context.phase('prepare picture', () =>
        prepareImage(picture, this.config.input, pass),
      ),
    );
    const detection = await this.detectPreparedAsync(picture, prepared, overrides);
    return { ...detection, timeMs: performance.now() - start };
  }

  /** The passes over a picture that a call with these settings makes. */
  passes(overrides: DetectSettings = {}): Required<PrepareOptions>[] {
    const { scales, flip } = this.#settingsOf(overrides);
    return scales.flatMap((factor) =>
      (flip ? [false, true] : [false]).map((flip) => ({ factor, flip })),
    );
  }

  /**
   * Finds faces in a picture that was prepared elsewhere, such as in another thread: `prepared[i]` is
   * `prepareImage(picture, detector.config.input, detector.passes(overrides)[i])`.
   * @param size of the picture in pixels
   */
  async detectPreparedAsync(
    { width, height }: { width: number; height: number },
    prepared: readonly PreparedImage[],
    overrides: DetectSettings = {},
  ): Promise<Detection> {
    this.#check();
    const start = performance.now();
    const { context } = this.device;
    const settings = this.#settingsOf(overrides);
    const size = { width, height };
    const passes = this.passes(overrides);
    const first = prepared[0];
    if (!first || prepared.length !== passes.length) {
      throw new NnError(
        'settings',
        `detector: ${prepared.length} prepared inputs for ${passes.length} passes.`,
        { fix: 'prepare the picture once for each entry of detector.passes(settings).' },
      );
    }
    await (this.#prepared ??= prepareKernelsAsync(this, first));
    const results: PassResult[] = [];
    for (const [i, input] of prepared.entries()) {
      const { flip } = passes[i] as Required<PrepareOptions>;
      const runAsync = (): Promise<PassResult> =>
        detectPassAsync(
          this,
          this.#anchors,
          input,
          { ...size, flip },
          { wantsOccluders: settings.occlusion && i === 0 },
        );
      results.push(await retryOutOfMemoryAsync(this.device, runAsync));
    }
    const faces = context.phase('join faces', () => this.#facesOf(results, size, settings));
    return { faces, timeMs: performance.now() - start, ...size };
  }

  #settingsOf(overrides: DetectSettings): Required<DetectSettings> {
    return completeSettings(this.config, { ...this.settings, ...withoutUndefined(overrides) });
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
    // A grey picture may have no proposals: run the head once anyhow.
    const level = this.model.backbone.levels[this.model.roiLevel];
    const map = this.device.release(
      this.device.zeros([1, level?.channels ?? 1, 8, 8], { layout: 'c4', name: 'warm-up' }),
    );
    try {
      await headOnDevice(this, sparse(map, this.model.roiLevel), new Float32Array(32 * 5));
    } finally {
      map.dispose();
    }
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
    if (this.#ownsParams) this.params.dispose();
    if (this.#ownsDevice) await this.device.destroyAsync();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disposeAsync();
  }

  #facesOf(
    passes: readonly PassResult[],
    size: { width: number; height: number },
    settings: Required<DetectSettings>,
  ): DetectedFace[] {
    const { boxes, scores } = keepBest(
      passes.map((pass) => pass.candidates),
      this.config,
      {
        scoreThreshold: settings.score,
        nmsIou: settings.nmsIou,
        maxDetections: settings.maxDetections,
      },
    );
    const map = passes[0]?.occluders ?? null;
    return Array.from(scores, (score, i) => {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
      const box = [x1, y1, x2, y2] as const;
      const { occluderThreshold } = this.config.test;
      return new DetectedFace(box, score, map && occlusionIn(box, map, size, occluderThreshold));
    });
  }

  #check(): void {
    if (!this.#isDisposed) return;
    throw new NnError('use-after-free', 'this detector was disposed.', {
      fix: 'create a new one with Detector.createAsync, or dispose it later.',
    });
  }
}

/** A list of maps with only one entry filled, where code looks up by index. */
function sparse<T>(value: T, index: number): T[] {
  return Array.from({ length: index + 1 }, () => value);
}

function completeSettings(config: Config, settings: DetectSettings): Required<DetectSettings> {
  const complete = {
    score: settings.score ?? DEFAULT_SCORE,
    nmsIou: settings.nmsIou ?? config.test.nmsIou,
    maxDetections: settings.maxDetections ?? config.test.maxDetections,
    occlusion: settings.occlusion ?? true,
    scales: settings.scales ?? [1],
    flip: settings.flip ?? false,
  };
  const { score, nmsIou, maxDetections } = complete;
  for (const [name, value] of Object.entries({ score, nmsIou })) {
    if (value >= 0 && value <= 1) continue;
    throw new NnError('settings', `detector: ${name} is ${value}.`, {
      fix: 'give a number from 0 to 1.',
    });
  }
  if (!Number.isInteger(maxDetections) || maxDetections < 1) {
    throw new NnError('settings', `detector: maxDetections is ${maxDetections}.`, {
      fix: 'give a whole number above 0.',
    });
  }
  if (complete.scales.length === 0 || complete.scales.some((s) => !(s > 0 && s <= 8))) {
    throw new NnError('settings', `detector: scales are [${complete.scales.join(', ')}].`, {
      fix: 'give at least one number above 0 and at most 8, such as [1, 1.5].',
    });
  }
  return complete;
}

function withoutUndefined(overrides: DetectSettings): DetectSettings {
  return Object.fromEntries(Object.entries(overrides).filter(([, v]) => v !== undefined));
}

async function weightsOf(given: string | DetectorWeights | undefined): Promise<DetectorWeights> {
  if (typeof given === 'object') return given;
  const { defaultWeightsFile, readWeightsAsync } = await import('./files/detector-weights.js');
  return readWeightsAsync(given ?? defaultWeightsFile());
}

async function decodeAsync(file: string): Promise<DecodedImage> {
  const { decodeImage } = await import('../data/files/decode.js');
  return decodeImage(file, { autoOrient: true });
}

function checkPicture({ width, height, data }: DecodedImage): void {
  if (width >= 1 && height >= 1 && data.length === width * height * 3) return;
  throw new NnError(
    'image',
    `detector: a ${width}x${height} picture needs ${width * height * 3} bytes of RGB, got ${data.length}.`,
    { fix: 'pass {width, height, data} with 3 bytes per pixel, row by row.' },
  );
}

/**
 * The configuration stored in a weights file; settings that are younger than the file have the value
 * of its preset.
 */
export function configOf(weights: Pick<DetectorWeights, 'metadata'>, where: string): Config {
  const text = weights.metadata['config'];
  if (text === undefined) {
    throw new NnError(
      'weights-config',
      `${where}: the file holds no configuration (metadata "config").`,
      {
        fix: 'use weights written by "aofd train", or pass the config that they were trained with.',
      },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new NnError('weights-config', `${where}: metadata "config" is not JSON.`, {
      cause,
      fix: 'copy or download the file again.',
    });
  }
  return resolveConfig(value, [], `${where}: config`);
}

function recommendedScore({ metadata }: DetectorWeights): number | undefined {
  const value = Number(metadata['score'] ?? NaN);
  return value > 0 && value < 1 ? value : undefined;
}

function hostParams(weights: DetectorWeights): Map<string, HostParam> {
  const values = new Map<string, HostParam>();
  for (const [name, tensor] of weights.tensors) {
    values.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
  }
  return values;
}

function checkComplete(summary: { missing: string[] }, where: string): void {
  const { missing } = summary;
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
