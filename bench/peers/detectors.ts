/** Other face detectors on the pictures that ours looks at. */
import Module, { createRequire } from 'node:module';
import * as path from 'node:path';
import { decodeImage, Detector } from '../../src/aofd/index.js';
import type { JobOptions } from '../jobs/detect.js';
import { clockAsync, restAsync } from '../measure/clock.js';
import { preparePicturesAsync } from '../jobs/pictures.js';
import { pairedRatio, timingOf } from '../measure/stats.js';
import type { Figure, Timing } from '../measure/types.js';
import { openOnnxDetectorAsync } from './onnx-detector.js';
import type { Ort } from './ort.js';
import type { Tf, TfTensor } from './tfjs.js';

type Picture = Awaited<ReturnType<typeof decodeImage>>;

interface Candidate {
  name: string;
  note: string;
  /** @returns how many faces, where that is known */
  detectAsync(picture: Picture): Promise<number | void>;
  disposeAsync?(): Promise<void>;
}

interface FaceNet {
  loadFromDisk(folder: string): Promise<void>;
  locateFaces(x: TfTensor, options: Record<string, number>): Promise<unknown[]>;
}

/** face-api calls operations as methods of tensors, which only the complete `tfjs` package adds. */
function addMethods(tf: Tf): void {
  const { prototype } = tf.Tensor;
  const operations = tf as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [name, operation] of Object.entries(operations)) {
    if (typeof operation !== 'function' || !/^[a-z]/.test(name) || name in prototype) continue;
    prototype[name] = function (this: TfTensor, ...args: unknown[]) {
      return operation.call(operations, this, ...args);
    };
  }
  for (const rank of [1, 2, 3, 4, 5]) {
    prototype[`as${rank}D`] = function (this: TfTensor, ...shape: number[]) {
      return tf.reshape(this, rank === 1 ? [-1] : shape);
    };
  }
  prototype['asScalar'] = function (this: TfTensor) {
    return tf.reshape(this, []);
  };
  prototype['toFloat'] = function (this: TfTensor) {
    return tf.cast(this, 'float32');
  };
  prototype['toInt'] = function (this: TfTensor) {
    return tf.cast(this, 'int32');
  };
}

/**
 * face-api's two detectors on TensorFlow.js's WebAssembly backend: on the WebGPU one it fails, since
 * it reads tensors synchronously. Its Node build asks for `@tensorflow/tfjs`, which adds 150 MB of
 * other backends to the core: it is handed the core.
 */
async function faceApiAsync(tf: Tf): Promise<Candidate[]> {
  const require = createRequire(import.meta.url);
  require('@tensorflow/tfjs-backend-wasm');
  addMethods(tf);
  const loader = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };
  const load = loader._load;
  loader._load = function (name: string, ...rest: unknown[]): unknown {
    return name === '@tensorflow/tfjs' ? tf : load.call(this, name, ...rest);
  };
  let api: { TinyFaceDetector: new () => FaceNet; SsdMobilenetv1: new () => FaceNet };
  try {
    api = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as typeof api;
  } finally {
    loader._load = load;
  }
  const models = path.join(
    path.dirname(require.resolve('@vladmandic/face-api/package.json')),
    'model',
  );
  await tf.setBackend('wasm');
  const candidate = async (
    name: string,
    net: FaceNet,
    options: Record<string, number>,
    note: string,
  ): Promise<Candidate> => {
    await net.loadFromDisk(models);
    return {
      name,
      note,
      async detectAsync({ data, width, height }) {
        await tf.setBackend('wasm');
        const x = tf.tensor(Int32Array.from(data), [height, width, 3], 'int32');
        const found = await net.locateFaces(x, options);
        x.dispose();
        return found.length;
      },
    };
  };
  return [
    await candidate(
      'face-api TinyFaceDetector',
      new api.TinyFaceDetector(),
      { inputSize: 640, scoreThreshold: 0.5 },
      'at 640x640, WebAssembly',
    ),
    await candidate(
      'face-api SsdMobilenetv1',
      new api.SsdMobilenetv1(),
      { minConfidence: 0.5, maxResults: 100 },
      'at 512x512, WebAssembly',
    ),
  ];
}

/** A user's ONNX detector, from pixels to boxes where its interface is known, and its network alone. */
async function onnxCandidatesAsync(
  ort: Ort,
  cores: number,
  name: string,
  file: string,
): Promise<Candidate[]> {
  const detector = await openOnnxDetectorAsync(ort, file, cores);
  const { width, height } = detector.input;
  const about = `at ${width}x${height}, onnxruntime-node, ${cores} threads`;
  const disposeAsync = (): Promise<void> => detector.releaseAsync();
  const alone: Candidate = {
    name: detector.kind === null ? name : `${name}, network alone`,
    note: `network alone ${about}`,
    detectAsync: () => detector.runAsync(),
    disposeAsync,
  };
  if (detector.kind === null) {
    return [{ ...alone, note: `neither YuNet nor SCRFD by its outputs: ${alone.note}` }];
  }
  const whole: Candidate = {
    name,
    note: `pixels to faces, read as ${detector.kind}, ${about}`,
    detectAsync: async (picture) => (await detector.detectAsync(picture)).length,
  };
  return [whole, alone];
}

/** Ours and the others in turns on 640x480 pictures, decoded beforehand. */
export async function detectorFiguresAsync(
  options: JobOptions,
  parts: { tf: Tf | null; ort: Ort | null; onnx: readonly { name: string; file: string }[] },
): Promise<Figure[]> {
  const { cores, isQuick } = options;
  const count = isQuick ? 4 : 12;
  const set = await preparePicturesAsync(options.pictures, { width: 640, height: 480 }, count);
  const detector = await Detector.createAsync({ device: options.device });
  const candidates: Candidate[] = [];
  try {
    const pictures = await Promise.all(
      set.files.map(({ file }) => decodeImage(file, { autoOrient: true })),
    );
    candidates.push(
      {
        name: 'aofd lite',
        note: 'pixels to faces',
        detectAsync: async (picture) => (await detector.detectAsync(picture)).faces.length,
      },
      ...(parts.tf ? await faceApiAsync(parts.tf) : []),
    );
    for (const { name, file } of parts.onnx) {
      if (parts.ort) candidates.push(...(await onnxCandidatesAsync(parts.ort, cores, name, file)));
    }
    const rounds = candidates.map((): Timing['rounds'] => []);
    const faces = candidates.map((): number | null => null);
    for (const candidate of candidates) {
      options.progress(`warming ${candidate.name}`);
      for (let i = 0; i < 2; i++) await candidate.detectAsync(pictures[0] as Picture);
    }
    for (const [i, picture] of pictures.entries()) {
      options.progress(`detectors, picture ${i + 1} of ${pictures.length}`);
      for (const [c, candidate] of candidates.entries()) {
        await restAsync();
        const sample = await clockAsync(async () => {
          const found = await candidate.detectAsync(picture);
          if (typeof found === 'number') faces[c] = (faces[c] ?? 0) + found;
        }, cores);
        rounds[c]?.push(sample);
      }
    }
    const timings = rounds.map((r) => timingOf(r, null));
    return candidates.flatMap(({ name, note }, c): Figure[] => {
      const timing = timings[c] as Timing;
      const figure = (what: string, unit: string, spread: Figure['spread']): Figure => ({
        ...{ group: 'peers', name: what, unit, value: spread?.median ?? Number.NaN },
        ...(spread ? { spread } : {}),
        note:
          faces[c] === null ? note : `${note}; ${faces[c]} faces on ${pictures.length} pictures`,
      });
      const time = figure(`${name}: one 640x480 picture`, 'ms', timing.wallMs);
      if (c === 0) return [time];
      const ratio = pairedRatio(timings[0] as Timing, timing);
      return [time, figure(`aofd lite against ${name}: times as fast`, 'x', ratio)];
    });
  } finally {
    for (const { disposeAsync } of candidates) await disposeAsync?.();
    detector.dispose();
    set.dispose();
  }
}
