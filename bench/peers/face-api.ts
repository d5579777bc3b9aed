/** The two detectors of face-api. */
import Module, { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Candidate } from './candidate.js';
import type { Tf, TfTensor } from './tfjs.js';

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
export async function faceApiAsync(tf: Tf): Promise<Candidate[]> {
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
