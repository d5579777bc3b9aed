/** The small network that is trained in the page, on `aofd/nn`. */
import {
  AdamW,
  conv2d,
  CounterRng,
  linear,
  reshape,
  softmaxCrossEntropy,
  Tape,
  toRow,
  type Device,
  type Tensor,
} from '../../../../src/nn/browser.js';
import { floatData, serializeSafetensors, type StoredTensor } from '../../../../src/nn/io/index.js';
import { SIDE, type FaceBatch } from './faces-set.js';

const RATE = 0.003;
/** Convolutions: channels in and out; each halves the picture. */
const LAYERS = [
  [3, 12],
  [12, 24],
  [24, 32],
] as const;
const FLAT = 32 * (SIDE / 2 ** LAYERS.length) ** 2;

export class SmallNetwork {
  readonly #device: Device;
  readonly #params: { name: string; tensor: Tensor }[] = [];
  readonly #optimizer: AdamW;

  /** Fresh weights; the same seed gives the same. */
  constructor(device: Device, seed: number) {
    this.#device = device;
    LAYERS.forEach(([inputs, outputs], i) => {
      this.#addLayer(`conv${i + 1}`, [outputs, inputs, 3, 3], seed);
    });
    this.#addLayer('answer', [2, FLAT], seed);
    this.#optimizer = new AdamW(
      this.#params.map(({ tensor }) => tensor),
      { weightDecay: 0.01 },
    );
  }

  get steps(): number {
    return this.#optimizer.steps;
  }

  /** One update; gives the batch's loss before it. */
  async trainAsync(batch: FaceBatch): Promise<number> {
    const device = this.#device;
    let loss: Promise<ArrayLike<number>>;
    {
      using _scope = device.scope();
      using tape = new Tape(device);
      const labels = device.tensor(batch.labels, [batch.labels.length], { dtype: 'i32' });
      const mean = softmaxCrossEntropy(this.#logits(batch), labels, { reduction: 'mean' });
      tape.backward([[mean, 1]]);
      loss = mean.readAsync('loss');
    }
    this.#optimizer.step(RATE);
    this.#optimizer.zeroGrad();
    return Number((await loss)[0]);
  }

  /** Probability of "covered" for each picture. */
  async answersAsync(batch: FaceBatch): Promise<Float32Array> {
    const reading = (() => {
      using _scope = this.#device.scope();
      return this.#logits(batch).readAsync('answers');
    })();
    const logits = await reading;
    return Float32Array.from(
      batch.labels,
      (_, i) => 1 / (1 + Math.exp(Number(logits[2 * i]) - Number(logits[2 * i + 1]))),
    );
  }

  /** The weights as a safetensors file. */
  async checkpointAsync(): Promise<Uint8Array> {
    const tensors: Record<string, StoredTensor> = {};
    for (const { name, tensor } of this.#params) {
      const values = (await tensor.readAsync('checkpoint')) as Float32Array;
      tensors[name] = floatData(values, tensor.shape);
    }
    return serializeSafetensors(tensors, { steps: String(this.steps), made: 'aofd demo page' });
  }

  dispose(): void {
    this.#optimizer.dispose();
    for (const { tensor } of this.#params) tensor.dispose();
  }

  #addLayer(name: string, shape: readonly number[], seed: number): void {
    const rng = new CounterRng(seed, name);
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    const std = Math.sqrt(2 / fanIn);
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: count }, () => std * rng.normal());
    const outputs = shape[0] ?? 0;
    for (const [part, data, size] of [
      ['weight', values, shape],
      ['bias', new Float32Array(outputs), [outputs]],
    ] as const) {
      const full = `${name}.${part}`;
      this.#params.push({ name: full, tensor: this.#device.parameter(full, data, [...size]) });
    }
  }

  #get(name: string): Tensor {
    const found = this.#params.find((param) => param.name === name);
    if (!found) throw new Error(`no parameter ${name}.`);
    return found.tensor;
  }

  #logits({ pixels, labels }: FaceBatch): Tensor {
    const n = labels.length;
    let x = this.#device.tensor(pixels, [n, 3, SIDE, SIDE], { layout: 'c4' });
    LAYERS.forEach((_, i) => {
      const name = `conv${i + 1}`;
      const options = { stride: 2, pad: 1, relu: true };
      x = conv2d(x, this.#get(`${name}.weight`), this.#get(`${name}.bias`), options);
    });
    const flat = reshape(toRow(x), [n, FLAT]);
    return linear(flat, this.#get('answer.weight'), this.#get('answer.bias'));
  }
}
