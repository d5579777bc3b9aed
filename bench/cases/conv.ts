/** Convolutions of VGG16: forward by every algorithm, and each gradient alone. */
import { conv2d, type ConvAlgorithm, type Device, type Tensor } from '../../src/nn/index.js';
import { backwardWork } from './backward.js';
import { deviation, randomData, samplePlaces } from './data.js';
import { convAt, convInputGradientAt, convWeightGradientAt, type ConvSizes } from './reference.js';
import { vggLayers, type VggLayer } from './vgg-layers.js';
import { passNames, passes, type BenchCase, type Pass, type Prepared } from '../measure/case.js';

/** Outputs that are checked against the reference. */
const SAMPLES = 48;

/** What a convolution case works on; peers use the same. */
export interface ConvData {
  x: Float32Array;
  weight: Float32Array;
  bias: Float32Array;
  dY: Float32Array;
}

export function convData(s: ConvSizes): ConvData {
  const size = Math.sqrt(3 / (9 * s.c));
  return {
    x: randomData(s.c * s.h * s.w, 1),
    weight: randomData(s.o * s.c * 9, 2, size),
    bias: randomData(s.o, 3),
    dY: randomData(s.o * s.h * s.w, 4),
  };
}

/** Deviation of a pass's result (in row-major order) on the sampled places. */
export function checkConv(
  pass: Pass,
  s: ConvSizes,
  data: ConvData,
  got: ArrayLike<number>,
): number {
  const { x, weight, bias, dY } = data;
  const size = {
    forward: s.o * s.h * s.w,
    inputGradient: s.c * s.h * s.w,
    weightGradient: 9 * s.o * s.c,
  };
  const places = samplePlaces(size[pass], SAMPLES, 5);
  const wanted = places.map((place) =>
    pass === 'forward'
      ? convAt(x, weight, bias, s, place, true)
      : pass === 'inputGradient'
        ? convInputGradientAt(dY, weight, s, place)
        : convWeightGradientAt(x, dY, s, place),
  );
  return deviation(
    places.map((place) => got[place] as number),
    wanted,
  );
}

interface Operands {
  x: Tensor;
  weight: Tensor;
  bias: Tensor;
  dispose(): void;
}

function upload(device: Device, s: ConvSizes, data: ConvData): Operands {
  const x = device.release(device.tensor(data.x, [1, s.c, s.h, s.w], { layout: 'c4', name: 'x' }));
  const weight = device.release(device.tensor(data.weight, [s.o, s.c, 3, 3], { name: 'weight' }));
  const bias = device.release(device.tensor(data.bias, [s.o], { name: 'bias' }));
  return {
    x,
    weight,
    bias,
    dispose() {
      for (const tensor of [x, weight, bias]) tensor.dispose();
    },
  };
}

/** Forward with bias and ReLU; weights are packed once, as in a network that is not training. */
async function prepareForwardAsync(
  device: Device,
  s: ConvSizes,
  algorithm: ConvAlgorithm | undefined,
): Promise<Prepared> {
  const data = convData(s);
  const operands = upload(device, s, data);
  const { x, weight, bias } = operands;
  await device.settledAsync();
  let y: Tensor | null = null;
  return {
    async runAsync() {
      y?.dispose();
      x.freeDerived(); // in a network every map is new
      y = device.release(conv2d(x, weight, bias, { pad: 1, relu: true, algorithm }));
      await device.settledAsync();
    },
    async checkAsync() {
      return checkConv('forward', s, data, await (y as Tensor).readAsync());
    },
    disposeAsync() {
      operands.dispose();
      y?.dispose();
      return Promise.resolve();
    },
  };
}

/**
 * One gradient alone. No ReLU and no bias, so that nothing but the gradient is computed. The input's
 * texture is there from the forward pass, as in training.
 */
function prepareGradient(
  device: Device,
  s: ConvSizes,
  pass: Exclude<Pass, 'forward'>,
  algorithm: ConvAlgorithm | undefined,
): Prepared {
  const data = convData(s);
  const operands = upload(device, s, data);
  const { x, weight } = operands;
  const leaf = pass === 'inputGradient' ? x : weight;
  const forward = (): Tensor => conv2d(x, weight, null, { pad: 1, algorithm });
  const work = backwardWork(device, leaf, forward, () => data.dY);
  return {
    ...work,
    async checkAsync() {
      return checkConv(pass, s, data, await (leaf.grad as Tensor).readAsync());
    },
    disposeAsync() {
      work.dispose();
      operands.dispose();
      return Promise.resolve();
    },
  };
}

/**
 * Cases of the VGG16 layers at `side` x `side`. Layers of one shape are measured once, under the name
 * of the first.
 */
export function convCases(device: Device, side: number, isQuick: boolean): BenchCase[] {
  const seen = new Set<string>();
  return vggLayers().flatMap((layer) => {
    const size = side / layer.stride;
    const key = `${layer.inChannels} ${layer.outChannels} ${size}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return passes
      .filter((pass) => pass !== 'inputGradient' || layer.inChannels !== 3) // nobody needs it
      .map((pass) => convCase(device, layer, size, pass, isQuick));
  });
}

/** One pass of a layer: `planned`, which is what the library chooses by itself, beside forced algorithms. */
function convCase(
  device: Device,
  { name, inChannels, outChannels }: VggLayer,
  size: number,
  pass: Pass,
  isQuick: boolean,
): BenchCase {
  const s: ConvSizes = { c: inChannels, o: outChannels, h: size, w: size };
  const forced: ConvAlgorithm[] = [];
  if (device.subgroupSize > 0 && isQuick && pass === 'forward') forced.push('lanes');
  if (device.subgroupSize > 0 && !isQuick) {
    forced.push('lanes');
    if (inChannels >= 32) forced.push('winograd2', 'winograd4');
  }
  return {
    group: 'conv',
    name: `${name} ${passNames[pass]}`,
    shape: `${s.c}->${s.o}, ${size}x${size}`,
    work: { kind: 'conv', pass, ...s },
    flops: 18 * s.c * s.o * size * size,
    bytes: 4 * ((s.c + s.o) * size * size + 9 * s.c * s.o),
    contestants: [undefined, ...forced].map((algorithm) => ({
      maker: 'aofd',
      // Reports name the mathematics, as those of other makers do.
      variant: algorithm === 'lanes' ? 'direct' : (algorithm ?? 'planned'),
      prepareAsync: async () =>
        pass === 'forward'
          ? prepareForwardAsync(device, s, algorithm)
          : prepareGradient(device, s, pass, algorithm),
    })),
  };
}
