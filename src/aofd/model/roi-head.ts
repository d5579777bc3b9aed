import {
  dropout,
  reshape,
  roiAlign,
  roiPool,
  toRow,
  type Device,
  type Tensor,
} from '../../nn/index.js';
import { LinearLayer } from './layers.js';
import type { ParamSpec, ParamStore } from './params.js';
import type { BiasRule, ModelConfig } from './types.js';

/** What dropout depends on: the same numbers give the same zeros. */
export interface DropoutSeed {
  seed: number;
  /** Changes every step. */
  step: number;
  /** Share of zeros; default `model.dropout`. */
  p?: number;
}

export interface HeadOutput {
  /** Row [R,2]: background and face logits. */
  classLogits: Tensor;
  /** Row [R,8]: normalised box code, 4 per class; only columns 4-7 are trained. */
  boxDeltas: Tensor;
}

/** Number of RoI rows that detection uses for `count` of them: few sizes, so few buffers and kernels. */
export function paddedRois(count: number): number {
  return Math.ceil(count / 32) * 32;
}

/**
 * Pools RoIs (row [R,5]: image, x1, y1, x2, y2 in input pixels) to c4 [R,C,size,size], as
 * `model.roiPooling` says: the maximum of rounded bins (docs/spec.md 1.11) or RoIAlign.
 */
export function poolRois(
  features: Tensor,
  rois: Tensor,
  { roiStride, roiSize, roiPooling }: Pick<ModelConfig, 'roiStride' | 'roiSize' | 'roiPooling'>,
): Tensor {
  const pool = roiPooling === 'align' ? roiAlign : roiPool;
  return pool(features, rois, { spatialScale: 1 / roiStride, size: roiSize });
}

/**
 * The RoI head (docs/spec.md 1.12): flattened C,H,W -> fc6 ReLU -> [fc7 ReLU] -> cls [2], bbox [8],
 * with dropout after each hidden layer while training.
 * Parameters: `head.fc6`, `head.fc7`, `head.cls`, `head.bbox`.
 */
export class RoiHead {
  readonly #fc6: LinearLayer;
  readonly #fc7: LinearLayer | null;
  readonly #cls: LinearLayer;
  readonly #bbox: LinearLayer;
  readonly #dropout: number;

  constructor(config: ModelConfig, channels: number, bias: BiasRule) {
    this.#fc6 = new LinearLayer('head.fc6', {
      bias,
      inputs: channels * config.roiSize ** 2,
      outputs: config.hidden6,
      relu: true,
    });
    this.#fc7 =
      config.hidden7 > 0
        ? new LinearLayer('head.fc7', {
            bias,
            inputs: config.hidden6,
            outputs: config.hidden7,
            relu: true,
          })
        : null;
    const width = config.hidden7 > 0 ? config.hidden7 : config.hidden6;
    this.#cls = new LinearLayer('head.cls', {
      bias,
      inputs: width,
      outputs: 2,
      init: { kind: 'normal', std: 0.01 },
    });
    this.#bbox = new LinearLayer('head.bbox', {
      bias,
      inputs: width,
      outputs: 8,
      init: { kind: 'normal', std: 0.001 },
    });
    this.#dropout = config.dropout;
  }

  specs(): ParamSpec[] {
    return [this.#fc6, this.#fc7, this.#cls, this.#bbox].flatMap((layer) => layer?.specs() ?? []);
  }

  /** pooled c4 [R,C,7,7]; `drop` switches dropout on. */
  forward(params: ParamStore, pooled: Tensor, drop: DropoutSeed | null = null): HeadOutput {
    return pooled.device.context.label('head', () => this.#forward(params, pooled, drop));
  }

  #forward(params: ParamStore, pooled: Tensor, drop: DropoutSeed | null): HeadOutput {
    const [rows = 0, channels = 0, height = 0, width = 0] = pooled.shape;
    const flat = reshape(toRow(pooled), [rows, channels * height * width]);
    let hidden = this.#fc6.apply(params, flat);
    hidden = this.#drop(hidden, drop, 6);
    if (this.#fc7) hidden = this.#drop(this.#fc7.apply(params, hidden), drop, 7);
    return {
      classLogits: this.#cls.apply(params, hidden),
      boxDeltas: this.#bbox.apply(params, hidden),
    };
  }

  /** Factors of dropout, [rows, width] of 0 and 1 / (1 - p), by layer; empty where it is off. */
  dropFactors(device: Device, rows: number, drop: DropoutSeed): Map<string, Tensor> {
    const factors = new Map<string, Tensor>();
    if ((drop.p ?? this.#dropout) <= 0) return factors;
    for (const [name, layer, id] of [
      ['fc6', this.#fc6, 6],
      ['fc7', this.#fc7, 7],
    ] as const) {
      if (!layer) continue;
      const width = layer.options.outputs;
      const ones = device.tensor(new Float32Array(rows * width).fill(1), [rows, width]);
      factors.set(name, this.#drop(ones, drop, id));
    }
    return factors;
  }

  #drop(x: Tensor, drop: DropoutSeed | null, layer: number): Tensor {
    const p = drop?.p ?? this.#dropout;
    if (!drop || p <= 0) return x;
    return dropout(x, { p, seed: drop.seed, stream: drop.step * 16 + layer });
  }

  macs(rois: number): number {
    return [this.#fc6, this.#fc7, this.#cls, this.#bbox].reduce(
      (sum, layer) => sum + (layer?.macs(rois) ?? 0),
      0,
    );
  }
}
