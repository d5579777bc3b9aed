/** Finding faces, and what covers them. */
import { Device, handled, NnError, retryOutOfMemoryAsync } from '../../nn/index.js';
import type { Config } from '../config/index.js';
import { AnchorCache, ParamStore } from '../model/index.js';
import {
  configOf,
  networkOf,
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
import { pixelsOfSourceAsync, type PictureSource } from './picture-source.js';
import { coverOfFacesAsync, lookTwiceAsync } from './looks.js';
import { cropSide } from './mask-crops.js';
import { keepBest } from './postprocess.js';
import {
  inputScale,
  passGeometry,
  preparePicture,
  type Pass,
  type PreparedPass,
  type PreparedPicture,
} from './prepare.js';
import { completeSettings, overridden, passesOf, type DetectSettings } from './settings.js';
import { surroundings } from './surroundings.js';
import { Turnstile } from './turnstile.js';

export interface DetectorOptions extends DetectSettings {
  /** A weights file (Node), or weights in memory; default: the file that comes with the package. */
  weights?: string | DetectorWeights;
  /** An open device, or an adapter or its name to open one on; default: the automatic choice. */
  device?: Device | GPUAdapter | string;
  /** Replaces the configuration stored in the weights. */
  config?: Config;
  /**
   * Milliseconds without a call after which a detector that opened its device gives back what it keeps
   * for reuse; Infinity: never. Default 5000.
   */
  idleMs?: number;
}

/** Pictures that are decoded or on the device at a time; other calls wait in line. */
const mostPictures = 4;
/** Pictures on the device at a time: the next is there when one waits for the host. */
const mostOnDevice = 2;
const defaultIdleMs = 5000;

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
 * A face detector on one device. Any number of calls may be made at the same time: a few pictures are
 * worked on at once, the others wait, so that memory stays the same over any number of them. Call
 * `dispose` at the end (or declare it with `using`): what is on the device is finished first.
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
  /** What the caller said, without defaults. */
  readonly #given: DetectSettings;
  readonly #pictures = new Turnstile(mostPictures);
  readonly #onDevice: Turnstile;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #disposing: Promise<void> | null = null;
  /** Promises of the calls that have not ended. */
  readonly #calls = new Set<Promise<unknown>>();
  /** Compiles the kernels, once; the first detection starts it. */
  #compiling: Promise<void> | null = null;

  private constructor(
    network: Network,
    settings: DetectSettings,
    weights: WeightsOrigin,
    owns: { params: boolean; device: boolean },
    idleMs = Infinity,
  ) {
    this.network = network;
    this.#given = settings;
    this.#onDevice = new Turnstile(mostOnDevice, (isIdle) => this.#watchIdle(isIdle, idleMs));
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
    // What is wrong is refused before anything is opened.
    completeSettings(config, options);
    const { model, specs } = networkOf(config, weights, where);
    const values = paramsOf(weights);
    const asked = options.device;
    const isOwn = !(asked instanceof Device);
    const device = isOwn ? await Device.createAsync(asked ? { adapter: asked } : {}) : asked;
    let params: ParamStore | null = null;
    try {
      params = ParamStore.create(device, specs, 0);
      params.load(values, where);
      params.freezeForInference();
    } catch (error) {
      params?.dispose();
      if (isOwn) await device.destroyAsync();
      throw error;
    }
    const score = options.score ?? recommendedScore(weights);
    // The arrays of the weights are not kept.
    const { weights: _, config: __, device: ___, idleMs, ...settings } = options;
    return new Detector(
      { config, model, params },
      { ...settings, ...(score === undefined ? {} : { score }) },
      { file: weights.file ?? null, sha256: weights.sha256 ?? null },
      { params: true, device: isOwn },
      isOwn ? (idleMs ?? defaultIdleMs) : Infinity,
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
   * @param image in Node a path, address or the bytes of a picture (turned by its EXIF orientation);
   *   decoded RGB or RGBA pixels; see PictureSource
   * @param overrides settings for this call only
   * @throws NnError `image` or ImageDecodeError for a picture that cannot be used, `settings`, and
   *   `use-after-free` where the detector was disposed before the turn of this call came
   */
  detectAsync(image: PictureSource, overrides: DetectSettings = {}): Promise<Detection> {
    return this.#call(this.#pictures, async () => {
      const passes = this.passes(overrides);
      const picture = await pixelsOfSourceAsync(image);
      const prepared = this.device.context.phase('prepare picture', () =>
        preparePicture(picture, this.config.input, passes),
      );
      return this.detectPreparedAsync({ ...prepared, image: picture }, overrides);
    });
  }

  /** The looks at a picture that a call with these settings takes: what `preparePicture` needs. */
  passes(overrides: DetectSettings = {}): Pass[] {
    return passesOf(this.#settingsOf(overrides));
  }

  /**
   * Finds faces in a picture that was prepared elsewhere, such as in another thread, by
   * `preparePicture(image, detector.config.input, detector.passes(overrides))`. With `{ ...prepared, image }` it
   * finds what `detectAsync` does; without the image it cannot look closer at small faces and what covers them.
   * @throws NnError `settings` where the image has another size than the picture that was prepared
   */
  detectPreparedAsync(
    picture: PreparedPicture,
    overrides: Omit<DetectSettings, 'scales' | 'flip'> = {},
  ): Promise<Detection> {
    return this.#call(this.#onDevice, () => this.#detectAsync(picture, overrides));
  }

  async #detectAsync(picture: PreparedPicture, overrides: DetectSettings): Promise<Detection> {
    const start = performance.now();
    const settings = this.#settingsOf(overrides);
    const { width, height, passes } = picture;
    const first = firstPassOf(picture);
    await this.#compiledAsync(first);
    // What covers the faces, and second looks at large and small ones, is asked of one pass; of the others only boxes.
    const upright = passes.findIndex((pass) => !pass.flip);
    const results: PassResult[] = [];
    for (const [i, pass] of passes.entries()) {
      const wantsOccluders = settings.occlusion && i === upright;
      const runAsync = (): Promise<PassResult> =>
        detectPassAsync(this.network, this.#anchors, { pass, width, height }, { wantsOccluders });
      results.push(await retryOutOfMemoryAsync(this.device, runAsync));
    }
    const { context } = this.device;
    const candidates = results.map((result) => result.candidates);
    const [pass, seen] = [passes[upright], results[upright]];
    const isCloser = settings.closerLook && pass && this.#isUsual(pass, picture);
    const image = (isCloser ? picture.image : null) ?? null;
    const looks =
      pass && seen
        ? await lookTwiceAsync(
            this.network,
            this.#anchors,
            { pass, width, height },
            image,
            seen.candidates,
            { wantsOccluders: settings.occlusion },
          )
        : null;
    candidates.push(...(looks?.candidates ?? []));
    const best = context.phase('join faces', () => keepBest(candidates, this.config, settings));
    const maps =
      pass && seen
        ? await coverOfFacesAsync(
            this.network,
            { pass },
            image,
            best,
            seen.occluders,
            looks?.shrunk ?? null,
          )
        : null;
    const faces = context.phase('masks of faces', () =>
      detectedFaces(best, maps, { width, height }, this.config.test),
    );
    const timeMs = picture.timeMs + performance.now() - start;
    return { faces, timeMs, width, height };
  }

  /** Whether a pass is the only upright one and at the configured size: otherwise the caller chose what to look at. */
  #isUsual(pass: PreparedPass, { width, height, passes }: PreparedPicture): boolean {
    const usual = inputScale(width, height, this.config.input);
    return passes.filter(({ flip }) => !flip).length === 1 && pass.scale === usual;
  }

  /** Compiles every kernel; the first detection does it otherwise. */
  compileAsync(): Promise<void> {
    const size = passGeometry({ width: 640, height: 480 }, this.config.input);
    return this.#call(this.#onDevice, () => this.#compiledAsync(size));
  }

  /** Compiles every kernel, once; where that fails, the next call tries again. */
  #compiledAsync(size: { width: number; height: number }): Promise<void> {
    return (this.#compiling ??= prepareKernelsAsync(
      this.network,
      size,
      cropSide(this.config),
    ).catch((error: unknown) => {
      this.#compiling = null;
      throw error;
    }));
  }

  /**
   * Compiles every kernel for pictures of that size (default 640x480), so that the first detection
   * is as fast as the others. @returns milliseconds
   */
  warmUpAsync(width = 640, height = 480): Promise<number> {
    return this.#track(async () => {
      const start = performance.now();
      const data = new Uint8Array(width * height * 3).fill(127);
      await this.detectAsync({ width, height, data });
      // A grey picture may have no proposals.
      await this.useAsync(() => runHeadOnceAsync(this.network));
      return performance.now() - start;
    });
  }

  /** Does work of the caller's with the network; `dispose` waits for its end. */
  useAsync<T>(work: (network: Network) => Promise<T>): Promise<T> {
    return this.#call(this.#onDevice, () => work(this.network));
  }

  /** Like `useAsync`, with nothing else of this detector on the device: for scopes and tapes that span awaits. */
  useAloneAsync<T>(work: (network: Network) => Promise<T>): Promise<T> {
    return this.#track(() => this.#onDevice.passAloneAsync(() => work(this.network)));
  }

  #call<T>(gate: Turnstile, work: () => Promise<T>): Promise<T> {
    return this.#track(() => gate.passAsync(work));
  }

  /** Starts a call and remembers it until it has ended. */
  #track<T>(start: () => Promise<T>): Promise<T> {
    let call: Promise<T> | null = null;
    const runAsync = async (): Promise<T> => {
      try {
        return await start();
      } finally {
        if (call) this.#calls.delete(call);
      }
    };
    call = runAsync();
    this.#calls.add(call);
    return call;
  }

  /**
   * Frees the parameters, and the device where the detector opened it: at once where nothing is under
   * way, else when what is on the device has ended. Calls that wait for their turn or still decode their
   * picture, and later ones, are refused.
   */
  dispose(): void {
    this.disposeAsync().catch(() => undefined);
  }

  /** Like `dispose`; resolves when the device is gone. */
  disposeAsync(): Promise<void> {
    return (this.#disposing ??= this.#disposeAsync());
  }

  async #disposeAsync(): Promise<void> {
    // Whoever ends the detector knows that calls may be refused: such a refusal, which the caller may look at
    // later only, must not end the process.
    for (const call of this.#calls) void handled(call);
    const isIdle = this.#pictures.isEmpty && this.#onDevice.isEmpty;
    const closed = [this.#pictures, this.#onDevice].map((gate) => gate.closeAsync(disposedError));
    if (!isIdle) await Promise.all(closed);
    clearTimeout(this.#idle);
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
    return completeSettings(this.config, overridden(this.#given, overrides));
  }

  /** Gives memory back that is only kept for reuse once nothing has been asked for a while. */
  #watchIdle(isIdle: boolean, idleMs: number): void {
    clearTimeout(this.#idle);
    if (!isIdle || this.#disposing || !Number.isFinite(idleMs)) return;
    this.#idle = setTimeout(() => this.device.freeIdle(), idleMs);
    // A process that has nothing else to do may end.
    (this.#idle as { unref?: () => void }).unref?.();
  }
}

function disposedError(): NnError {
  return new NnError('use-after-free', 'this detector was disposed.', {
    fix: 'create a new one with Detector.createAsync, or dispose it when its calls have ended.',
  });
}

/** @throws NnError `settings` for a picture without passes, or with an image of another size */
function firstPassOf({ passes, image, width, height }: PreparedPicture): PreparedPass {
  const [first] = passes;
  if (!first) {
    throw new NnError('settings', 'detector: the prepared picture has no passes.', {
      fix: 'prepare it for detector.passes(settings).',
    });
  }
  if (image && (image.width !== width || image.height !== height)) {
    const sizes = `${image.width}x${image.height}, prepared was ${width}x${height}`;
    throw new NnError('settings', `detector: the image is ${sizes}.`, {
      fix: 'pass the image that was prepared, turned by its EXIF orientation.',
    });
  }
  return first;
}
