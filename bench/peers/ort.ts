/** The cases in onnxruntime: native code on the processor, and WebAssembly. */
import { createRequire } from 'node:module';
import type { Device } from '../../src/nn/index.js';
import { checkConv, convData } from '../cases/conv.js';
import { deviation, randomData } from '../cases/data.js';
import { checkLinear, linearData } from '../cases/linear.js';
import { vggLayers } from '../cases/vgg-layers.js';
import { stackData, stackReferenceAsync } from '../cases/stack-work.js';
import { convModel, linearModel, plainModel, stackModel } from './onnx-model.js';
import type { Contestant, Prepared, Work } from '../measure/case.js';

/** The little of onnxruntime that is used; node and web share it. */
export interface OrtTensor {
  data: Float32Array;
  dims: readonly number[];
  dispose(): void;
}

export interface OrtSession {
  inputNames: readonly string[];
  outputNames: readonly string[];
  inputMetadata: readonly { shape: readonly (number | string)[] }[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface Ort {
  InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OrtSession>;
  };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
  env: { versions: Record<string, string>; wasm: { numThreads?: number }; logLevel: string };
}

export type OrtMaker = 'onnxruntime-node' | 'onnxruntime-web';

/** Loads one of the two packages. */
export async function openOrtAsync(maker: OrtMaker, cores: number): Promise<Ort> {
  const require = createRequire(import.meta.url);
  if (maker === 'onnxruntime-node') return require('onnxruntime-node') as Ort;
  const loaded = (await import(require.resolve('onnxruntime-web'))) as Ort & { default?: Ort };
  const ort = loaded.default ?? loaded;
  ort.env.wasm.numThreads = cores;
  return ort;
}

/** Session options: as many threads as cores, every graph optimisation. */
export function sessionOptions(maker: OrtMaker, cores: number): Record<string, unknown> {
  return maker === 'onnxruntime-node'
    ? { executionProviders: ['cpu'], intraOpNumThreads: cores, graphOptimizationLevel: 'all' }
    : { executionProviders: ['wasm'], graphOptimizationLevel: 'all' };
}

interface Model {
  model: Uint8Array;
  input: Float32Array;
  dims: number[];
  check?(result: Float32Array): Promise<number> | number;
}

async function modelOf(work: Work, device: Device): Promise<Model | null> {
  if (work.kind === 'conv' && work.pass === 'forward') {
    const data = convData(work);
    return {
      model: convModel(work, data.weight, data.bias),
      input: data.x,
      dims: [1, work.c, work.h, work.w],
      check: (y) => checkConv('forward', work, data, y),
    };
  }
  if (work.kind === 'linear' && work.pass === 'forward') {
    const data = linearData(work);
    return {
      model: linearModel(work, data.weight),
      input: data.x,
      dims: [work.rows, work.inputs],
      check: (y) => checkLinear('forward', work, data, y),
    };
  }
  if (work.kind === 'pool') {
    const { c, h, w } = work;
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    return {
      model: plainModel('MaxPool', attributes, [1, c, h, w], [1, c, h / 2, w / 2]),
      input: randomData(c * h * w, 1),
      dims: [1, c, h, w],
    };
  }
  if (work.kind === 'softmax') {
    const dims = [work.rows, work.columns];
    return {
      model: plainModel('Softmax', { axis: 1 }, dims, dims),
      input: randomData(work.rows * work.columns, 3),
      dims,
    };
  }
  if (work.kind === 'stack' && work.pass === 'forward') {
    const data = stackData(work.side);
    const list = vggLayers();
    const layers = list.map((layer, i) => ({
      ...layer,
      ...(data.layers[i] as (typeof data.layers)[number]),
      poolsBefore: i > 0 && layer.block !== list[i - 1]?.block,
    }));
    const expected = await stackReferenceAsync(device, work.side);
    return {
      model: stackModel(work.side, layers),
      input: data.x,
      dims: [1, 3, work.side, work.side],
      check: (y) => deviation([...y], Array.from(expected)),
    };
  }
  return null;
}

const runs = (work: Work): boolean =>
  work.kind === 'pool' || work.kind === 'softmax' || ('pass' in work && work.pass === 'forward');

/** onnxruntime's way of doing a case's work; it has no gradients. */
export function ortContestant(
  ort: Ort,
  maker: OrtMaker,
  cores: number,
  device: Device,
  work: Work,
): Contestant | null {
  if (!runs(work)) return null;
  return {
    maker,
    variant: '',
    async prepareAsync(): Promise<Prepared> {
      const made = await modelOf(work, device);
      if (!made) throw new Error(`no ONNX model for ${work.kind}`);
      const session = await ort.InferenceSession.create(made.model, sessionOptions(maker, cores));
      const feeds = {
        [session.inputNames[0] as string]: new ort.Tensor('float32', made.input, made.dims),
      };
      let last: Float32Array = new Float32Array();
      const runManyAsync = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          const results = await session.run(feeds);
          last = (results[session.outputNames[0] as string] as OrtTensor).data;
        }
      };
      const { check } = made;
      return {
        runAsync: () => runManyAsync(1),
        runManyAsync,
        ...(check && { checkAsync: async () => check(last) }),
        disposeAsync: () => session.release(),
      };
    },
  };
}
