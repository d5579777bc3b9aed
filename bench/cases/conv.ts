/** Convolutions of VGG16: forward by every algorithm, and each gradient alone. */
import { Tape, conv2d, type ConvAlgorithm, type Device, type Tensor } from '../../src/nn/index.js';
import { deviation, randomData, samplePlaces } from './data.js';
import type { BenchCase, Contestant, Prepared } from '../measure/measure.js';
import { convAt, convInputGradientAt, convWeightGradientAt, type ConvSizes } from './reference.js';
import { vggLayers } from './shapes.js';
import type { Pass } from '../measure/types.js';

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
  dY: Tensor | null;
}

function upload(device: Device, s: ConvSizes, data: ConvData, withGradient: boolean): Operands {
  const keep = (t: Tensor): Tensor => device.release(t);
  return {
    x: keep(device.tensor(data.x, [1, s.c, s.h, s.w], { layout: 'c4', name: 'x' })),
    weight: keep(device.tensor(data.weight, [s.o, s.c, 3, 3], { name: 'weight' })),
    bias: keep(device.tensor(data.bias, [s.o], { name: 'bias' })),
    dY: withGradient
      ? keep(device.tensor(data.dY, [1, s.o, s.h, s.w], { layout: 'c4', name: 'dY' }))
      : null,
  };
}

/** Forward with bias and ReLU; weights are packed once, as in a network that is not training. */
async function prepareForwardAsync(
  device: Device,
  s: ConvSizes,
  algorithm: ConvAlgorithm | undefined,
): Promise<Prepared> {
  const data = convData(s);
  const operands = upload(device, s, data, false);
  await device.settledAsync();
  let y: Tensor | null = null;
  const options = { pad: 1, relu: true, ...(algorithm ? { algorithm } : {}) };
  const run = (): void => {
    y?.dispose();
    operands.x.invalidateTexture(); // in a network every map is new
    y = device.release(conv2d(operands.x, operands.weight, operands.bias, options));
  };
  return {
    async runAsync() {
      run();
      await device.settledAsync();
    },
    async checkAsync() {
      return checkConv('forward', s, data, await (y as Tensor).readAsync());
    },
    disposeAsync() {
      for (const tensor of [...Object.values(operands), y] as (Tensor | null)[]) tensor?.dispose();
      return Promise.resolve();
    },
  };
}

/**
 * One gradient alone: forward is recorded and settled, then only `backward` is timed. No ReLU and no
 * bias, so that nothing but the gradient is computed. The input's texture is there from the forward
 * pass, as in training.
 */
async function prepareGradientAsync(
  device: Device,
  s: ConvSizes,
  pass: 'inputGradient' | 'weightGradient',
  algorithm: ConvAlgorithm | undefined,
): Promise<Prepared> {
  const data = convData(s);
  const operands = upload(device, s, data, true);
  const leaf = pass === 'inputGradient' ? operands.x : operands.weight;
  leaf.requiresGrad = true;
  const options = { pad: 1, ...(algorithm ? { algorithm } : {}) };
  let tape: Tape | null = null;
  let y: Tensor | null = null;
  const dY = operands.dY as Tensor;
  const clear = (): void => {
    leaf.grad?.dispose();
    leaf.grad = null;
    tape?.[Symbol.dispose]();
    tape = null;
    y?.dispose();
    y = null;
  };
  return {
    async beforeAsync() {
      clear();
      dY.invalidateTexture();
      tape = new Tape(device);
      y = device.release(conv2d(operands.x, operands.weight, null, options));
      device.tape = null; // recorded; others take their turns while this tape waits
      await device.settledAsync();
    },
    async runAsync() {
      using _scope = device.scope();
      (tape as Tape).backward([[y as Tensor, dY]]);
      await device.settledAsync();
    },
    async checkAsync() {
      return checkConv(pass, s, data, await (leaf.grad as Tensor).readAsync());
    },
    disposeAsync() {
      clear();
      for (const tensor of Object.values(operands) as (Tensor | null)[]) tensor?.dispose();
      return Promise.resolve();
    },
  };
}

const PASSES: readonly Pass[] = ['forward', 'inputGradient', 'weightGradient'];

/** Name of a pass in tables. */
export const passNames: Record<Pass, string> = {
  forward: 'forward',
  inputGradient: 'dX',
  weightGradient: 'dW',
};

/**
 * Cases of the VGG16 layers at `side` x `side`. Layers of one shape are measured once, under the name
 * of the first. `planned` is what the library chooses by itself.
 */
export function convCases(device: Device, side: number, isQuick: boolean): BenchCase[] {
  const forced: readonly ConvAlgorithm[] = isQuick
    ? ['lanes']
    : ['lanes', 'winograd2', 'winograd4'];
  const hasLanes = device.subgroupSize > 0;
  const seen = new Set<string>();
  const cases: BenchCase[] = [];
  for (const layer of vggLayers()) {
    const size = side / layer.stride;
    const s: ConvSizes = { c: layer.inChannels, o: layer.outChannels, h: size, w: size };
    const key = `${s.c} ${s.o} ${size}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const pass of PASSES) {
      if (pass === 'inputGradient' && layer.inChannels === 3) continue; // nobody needs it
      const make = (algorithm: ConvAlgorithm | undefined): Contestant => ({
        maker: 'aofd',
        // Reports name the mathematics, as those of other makers do.
        variant: algorithm === 'lanes' ? 'direct' : (algorithm ?? 'planned'),
        prepareAsync: () =>
          pass === 'forward'
            ? prepareForwardAsync(device, s, algorithm)
            : prepareGradientAsync(device, s, pass, algorithm),
      });
      const algorithms = !hasLanes ? [] : pass === 'forward' || !isQuick ? forced : [];
      cases.push({
        group: 'conv',
        name: `${layer.name} ${passNames[pass]}`,
        shape: `${s.c}->${s.o}, ${size}x${size}`,
        work: { kind: 'conv', pass, ...s },
        flops: 18 * s.c * s.o * size * size,
        bytes: 4 * ((s.c + s.o) * size * size + 9 * s.c * s.o),
        contestants: [
          make(undefined),
          ...algorithms
            .filter((a) => a === 'lanes' || layer.inChannels >= 32)
            .map((algorithm) => make(algorithm)),
        ],
      });
    }
  }
  return cases;
}
