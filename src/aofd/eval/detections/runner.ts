/** A detector over the pictures of a set: resumable, the next pictures decoded meanwhile. */
import { handled } from '../../../nn/errors.js';
import type { Device } from '../../../nn/index.js';
import { sha256Hex } from '../../../nn/io/files/index.js';
import { tuningWarnings } from '../../../nn/ops/tuning/index.js';
import type { Config } from '../../config/index.js';
import { decodeImage } from '../../data/files/decode.js';
import { readPictureBytesAsync } from '../../data/files/read-bytes.js';
import type { DecodedImage } from '../../data/sample.js';
import { Detector } from '../../detect/detector.js';
import type { DetectedFace } from '../../detect/faces.js';
import { encodeRunLength } from '../../detect/rle.js';
import { mostFaces, withoutCloserLooks } from '../../detect/settings.js';
import { configOf, type DetectorWeights } from '../../weights/detector-weights.js';
import { readWeightsAsync } from '../../weights/files/detector-weights.js';
import { DetectionCache, round, type CachedPicture } from './cache.js';
import type { Detection, DetectionSet, EvalImage, Fact } from '../protocol.js';

/** How the detector is run. */
export interface RunSettings {
  /** Weights file. */
  weights: string;
  /** Replaces the configuration stored in the weights. */
  config?: Config;
  /** An open device, or an adapter's name; default: the automatic choice. */
  device?: Device | string;
  /** Least score that is kept. */
  scoreFloor: number;
  /** Boxes per picture at most. */
  maxDetections: number;
  /** Multiples of the input size to look at; default [1]. */
  scales?: readonly number[];
  /** Look at mirrored pictures too. */
  flip?: boolean;
  /** Long side of the input in pixels, in place of the configured size. */
  longSide?: number;
  /** Test settings in place of the weights' own. */
  test?: Partial<Config['test']>;
  /** Whether the covered pixels of each face are needed. */
  needsMasks: boolean;
  /** Whether the set tells of pictures that are not there; else the result does. */
  tellsMissing?: boolean;
  /** Folder of the cache. */
  cache: string;
  /** Version of this package, part of the cache's key. */
  version: string;
  signal?: AbortSignal;
  onProgress?: (progress: RunProgress) => void;
  /** Sentences for the user, e.g. about the adapter. */
  onNotice?: (text: string) => void;
}

/** How far a run is. */
export interface RunProgress {
  /** Pictures done, those from the cache among them. */
  done: number;
  total: number;
  fromCache: number;
  /** Pictures per second that the detector did lately; 0 before the first. */
  perSecond: number;
}

/** Pictures that are read ahead. */
const AHEAD = 2;

/**
 * Runs the detector on every picture that the cache does not know. The device is opened only when
 * there is one; results do not depend on where an earlier run stopped.
 *
 * @returns null when the signal ended it
 * @throws errors of the detector; a picture that cannot be read is a warning
 */
export async function detectSetAsync(
  images: readonly EvalImage[],
  name: string,
  settings: RunSettings,
): Promise<DetectionSet | null> {
  const weights = await readWeightsAsync(settings.weights);
  const config = configFor(weights, settings);
  using cache = new DetectionCache(settings.cache, {
    weights: weights.sha256 ?? '',
    settings: keyOf(config, settings),
  });
  await using runner = new SetRunner(weights, config, settings, cache);
  const isDone = await runner.runAsync(images);
  if (!isDone) return null;
  return {
    name,
    byImage: runner.byImage,
    facts: [
      ...factsOf(weights, config, settings),
      { name: 'adapter', value: [...runner.adapters].sort().join('; ') || 'none' },
      { name: 'time per picture', value: runner.timeText() },
    ],
    warnings: [...runner.warnings(images), ...(cache.warning ? [cache.warning] : [])],
  };
}

/** The detector that evaluations run. */
export async function openDetectorAsync(
  weights: DetectorWeights,
  config: Config,
  settings: Pick<
    RunSettings,
    'device' | 'scoreFloor' | 'maxDetections' | 'scales' | 'flip' | 'needsMasks' | 'onNotice'
  >,
): Promise<Detector> {
  const looks = { scales: settings.scales ?? [1], flip: settings.flip ?? false };
  const detector = await Detector.createAsync({
    weights,
    config,
    ...(settings.device === undefined ? {} : { device: settings.device }),
    score: settings.scoreFloor,
    maxDetections: Math.min(settings.maxDetections, mostFaces(config, looks)),
    ...looks,
    occlusion: settings.needsMasks,
  });
  const { notice, context } = detector.device;
  for (const text of [notice, ...tuningWarnings(context)]) if (text) settings.onNotice?.(text);
  return detector;
}

/** The given configuration, or that stored in the weights, with the size asked for. */
function configFor(
  weights: DetectorWeights,
  { config: given, longSide, test }: RunSettings,
): Config {
  const stored = given ?? configOf(weights, weights.file ?? 'weights');
  const config = { ...stored, test: { ...stored.test, ...test } };
  if (longSide === undefined) return config;
  const input = { ...config.input, testShortSide: null, maxSize: longSide };
  return withoutCloserLooks({ ...config, input });
}

function keyOf(config: Config, settings: RunSettings): Record<string, unknown> {
  return {
    version: settings.version,
    config: sha256Hex(JSON.stringify(config)),
    score: settings.scoreFloor,
    maxDetections: settings.maxDetections,
    scales: settings.scales ?? [1],
    flip: settings.flip ?? false,
    masks: settings.needsMasks,
  };
}

/** What a report says about the detector. */
function factsOf(weights: DetectorWeights, config: Config, settings: RunSettings): Fact[] {
  const { testShortSide, maxSize } = config.input;
  const scales = settings.scales ?? [1];
  const size =
    testShortSide === null
      ? `long side ${maxSize} px`
      : `short side ${testShortSide} px, long side at most ${maxSize} px`;
  const extra = [
    ...(scales.length > 1 || scales[0] !== 1 ? [`at ${scales.join(', ')} times that`] : []),
    ...(settings.flip ? ['also mirrored'] : []),
  ];
  const vote = config.test.boxVoting > 0 ? `, box voting at IoU ${config.test.boxVoting}` : '';
  return [
    { name: 'weights', value: weights.file ?? '' },
    { name: 'weights SHA-256', value: weights.sha256 ?? '' },
    { name: 'aofd version', value: settings.version },
    { name: 'image scale', value: [size, ...extra].join(', ') },
    { name: 'score floor', value: String(settings.scoreFloor) },
    { name: 'NMS', value: `IoU ${config.test.nmsIou}${vote}` },
    { name: 'maximum detections', value: `${settings.maxDetections} per picture` },
    {
      name: 'box convention',
      value: `continuous corners, width = x2 - x1 (network: ${config.boxes.convention})`,
    },
    { name: 'EXIF orientation', value: 'not applied: pictures as stored' },
  ];
}

/** A picture read ahead. */
type Loaded =
  | { image: EvalImage; known: CachedPicture }
  | { image: EvalImage; hash: string; pixels: DecodedImage }
  | { image: EvalImage; error: Error };

class SetRunner implements AsyncDisposable {
  readonly byImage = new Map<string, readonly Detection[]>();
  readonly adapters = new Set<string>();
  readonly #failures: Error[] = [];
  readonly #times: number[] = [];
  /** Ends of the last detections, for the rate. */
  readonly #ends: number[] = [];
  #detector: Detector | null = null;
  #fromCache = 0;

  constructor(
    readonly weights: DetectorWeights,
    readonly config: Config,
    readonly settings: RunSettings,
    readonly cache: DetectionCache,
  ) {}

  /** @returns false when the signal ended it */
  async runAsync(images: readonly EvalImage[]): Promise<boolean> {
    const { signal } = this.settings;
    const pictures = images.filter((image) => image.file !== null);
    const queue: Promise<Loaded>[] = [];
    let next = 0;
    for (let done = 0; done < pictures.length; done++) {
      if (signal?.aborted) return false;
      while (next < pictures.length && queue.length <= AHEAD) {
        queue.push(handled(this.#loadAsync(pictures[next++] as EvalImage)));
      }
      await this.#takeAsync(await (queue.shift() as Promise<Loaded>));
      this.settings.onProgress?.({
        done: done + 1,
        total: pictures.length,
        fromCache: this.#fromCache,
        perSecond: this.#rate(),
      });
    }
    return true;
  }

  /** Mean and median time of the network, for orientation. */
  timeText(): string {
    const times = [...this.#times].sort((a, b) => a - b);
    if (times.length === 0) return 'not measured';
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    const median = times[times.length >> 1] as number;
    return `median ${round(median, 1)} ms, mean ${round(mean, 1)} ms from pixels to faces (no benchmark: other work may have run beside it)`;
  }

  warnings(images: readonly EvalImage[]): string[] {
    const missing = images.filter((image) => image.file === null);
    const out: string[] = [];
    if (missing.length > 0 && !this.settings.tellsMissing) {
      out.push(
        `${missing.length} pictures of the set are not there (first: ${missing[0]?.name}); nothing could be found in them.`,
      );
    }
    if (this.#failures.length > 0) {
      out.push(
        `${this.#failures.length} pictures could not be read and count as pictures without detections. First: ${this.#failures[0]?.message}`,
      );
    }
    return out;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#detector?.disposeAsync();
  }

  /** Never rejects: errors are in the answer. */
  async #loadAsync(image: EvalImage): Promise<Loaded> {
    const file = image.file as string;
    try {
      const bytes = await readPictureBytesAsync(file);
      const hash = sha256Hex(bytes).slice(0, 32);
      const known = this.cache.get(hash);
      if (known) return { image, known };
      const pixels = await decodeImage(bytes, { name: file });
      return { image, hash, pixels };
    } catch (error) {
      return { image, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  async #takeAsync(loaded: Loaded): Promise<void> {
    if ('error' in loaded) {
      this.#failures.push(loaded.error);
      return;
    }
    // The same picture may have been found under another name meanwhile.
    const known = 'known' in loaded ? loaded.known : this.cache.get(loaded.hash);
    if (known) this.#fromCache++;
    const picture =
      known ?? (await this.#detectAsync(loaded as Extract<Loaded, { pixels: unknown }>));
    this.byImage.set(loaded.image.name, picture.faces);
    this.adapters.add(picture.adapter);
    this.#times.push(picture.timeMs);
  }

  async #detectAsync(loaded: { hash: string; pixels: DecodedImage }): Promise<CachedPicture> {
    const detector = (this.#detector ??= await openDetectorAsync(
      this.weights,
      this.config,
      this.settings,
    ));
    const { faces, timeMs } = await detector.detectAsync(loaded.pixels);
    const { adapter } = detector.device;
    const picture: CachedPicture = {
      hash: loaded.hash,
      faces: faces.map((face) => faceOf(face, this.settings.needsMasks)),
      timeMs: round(timeMs, 1),
      adapter: adapter.description || adapter.device,
    };
    this.cache.add(picture);
    this.#ends.push(performance.now());
    return picture;
  }

  /** Pictures per second over the last of them. */
  #rate(): number {
    const ends = this.#ends.slice(-30);
    const first = ends[0] ?? 0;
    const last = ends.at(-1) ?? 0;
    return last > first ? (ends.length - 1) / ((last - first) / 1000) : 0;
  }
}

/** A face as evaluations want it, with numbers that survive the cache. */
function faceOf(face: DetectedFace, needsMasks: boolean): Detection {
  const [x1, y1, x2, y2] = face.box;
  const out: Detection = {
    box: [round(x1, 4), round(y1, 4), round(x2, 4), round(y2, 4)],
    score: Number(face.score.toPrecision(9)),
  };
  if (!face.occlusion) return out;
  out.occlusion = round(face.occlusion.ratio, 6);
  if (needsMasks) {
    out.mask = encodeRunLength(face.occlusion.mask);
  }
  return out;
}
