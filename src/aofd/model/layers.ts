import {
  conv2d,
  conv2dMaxPool2d,
  linear,
  type Conv2dOptions,
  type MaxPoolOptions,
  type Tensor,
} from '../../nn/index.js';
import type { Init, ParamGroup, ParamSpec, ParamStore } from './params.js';
import type { BiasRule } from './types.js';

const plainBias: BiasRule = { lrMult: 1, decayMult: 1 };

/** What the parameters of a layer have in common. */
export interface LayerOptions {
  group?: ParamGroup;
  frozen?: boolean;
  /** Default He-normal by fan-in. */
  init?: Init;
  bias?: BiasRule;
}

export interface ConvOptions extends LayerOptions {
  inChannels: number;
  outChannels: number;
  kernel: number;
  stride?: number;
  pad?: number;
  dilation?: number;
  relu?: boolean;
  /** Initial gain of standardised weights; null = plain weights. */
  gain?: number | null;
}

/** A convolution with bias, ReLU by option, weights standardised by option. */
export class ConvLayer {
  readonly name: string;
  readonly options: ConvOptions;

  constructor(name: string, options: ConvOptions) {
    this.name = name;
    this.options = options;
  }

  specs(): ParamSpec[] {
    const { inChannels, outChannels, kernel, gain = null } = this.options;
    const fanIn = inChannels * kernel * kernel;
    const list = weightAndBias(
      this.name,
      [outChannels, inChannels, kernel, kernel],
      fanIn,
      this.options,
    );
    if (gain !== null) {
      const weight = list[0] as ParamSpec;
      weight.init = this.options.init ?? { kind: 'normal', std: 1 / Math.sqrt(fanIn) };
      list.push({
        name: `${this.name}.gain`,
        shape: [outChannels],
        init: { kind: 'constant', value: gain },
        group: weight.group,
        lrMult: 1,
        decayMult: 0,
        frozen: weight.frozen,
      });
    }
    return list;
  }

  /** The weight tensor that convolves: standardised where the layer says so. */
  weight(params: ParamStore): Tensor {
    const { gain = null } = this.options;
    return gain === null ? params.get(`${this.name}.weight`) : params.standardized(this.name);
  }

  /** x c4 [N,C,H,W] -> c4 [N,O,H',W']. `weight` saves computing it again for a shared layer. */
  apply(params: ParamStore, x: Tensor, weight: Tensor = this.weight(params)): Tensor {
    return this.#run(x, (options) => conv2d(x, weight, params.get(`${this.name}.bias`), options));
  }

  /** The layer and the 2x2 max pool after it: x c4 [N,C,H,W] -> c4 [N,O,H'/2,W'/2]. */
  applyPooled(params: ParamStore, x: Tensor, pool: MaxPoolOptions): Tensor {
    return this.#run(x, (options) =>
      conv2dMaxPool2d(x, this.weight(params), params.get(`${this.name}.bias`), {
        ...options,
        ...pool,
      }),
    );
  }

  #run(x: Tensor, convolve: (options: Conv2dOptions) => Tensor): Tensor {
    const { kernel, stride = 1, dilation = 1, relu = false } = this.options;
    const pad = this.options.pad ?? (dilation * (kernel - 1)) / 2;
    const y = x.device.context.label(this.name, () => convolve({ stride, pad, dilation, relu }));
    y.name = this.name;
    return y;
  }

  /** Multiply-adds for an output of `cells` positions. */
  macs(cells: number): number {
    const { inChannels, outChannels, kernel } = this.options;
    return cells * inChannels * outChannels * kernel * kernel;
  }
}

export interface LinearOptions extends LayerOptions {
  inputs: number;
  outputs: number;
  relu?: boolean;
}

/** A fully connected layer with bias, ReLU by option. */
export class LinearLayer {
  readonly name: string;
  readonly options: LinearOptions;

  constructor(name: string, options: LinearOptions) {
    this.name = name;
    this.options = options;
  }

  specs(): ParamSpec[] {
    const { inputs, outputs } = this.options;
    return weightAndBias(this.name, [outputs, inputs], inputs, this.options);
  }

  /** x row [R,I] -> row [R,O]. */
  apply(params: ParamStore, x: Tensor): Tensor {
    const [weight, bias] = [params.get(`${this.name}.weight`), params.get(`${this.name}.bias`)];
    const y = x.device.context.label(this.name, () =>
      linear(x, weight, bias, { relu: this.options.relu ?? false }),
    );
    y.name = this.name;
    return y;
  }

  macs(rows: number): number {
    return rows * this.options.inputs * this.options.outputs;
  }
}

function weightAndBias(
  name: string,
  shape: readonly number[],
  fanIn: number,
  options: LayerOptions,
): ParamSpec[] {
  const { group = 'detector', frozen = false, bias = plainBias } = options;
  return [
    {
      name: `${name}.weight`,
      shape,
      init: options.init ?? { kind: 'he', fanIn },
      group,
      lrMult: 1,
      decayMult: 1,
      frozen,
    },
    {
      name: `${name}.bias`,
      shape: [shape[0] as number],
      init: { kind: 'constant', value: 0 },
      group,
      lrMult: bias.lrMult,
      decayMult: bias.decayMult,
      frozen,
    },
  ];
}
