import { concatRows, toAnchorRows, type Tensor } from '../../nn/index.js';
import { anchorsPerCell } from '../boxes/anchors.js';
import { ConvLayer } from './layers.js';
import type { ParamSpec, ParamStore } from './params.js';
import type { BiasRule, ModelConfig } from './types.js';

/**
 * Output of the region proposal network. M = Σ over levels of N * H * W * A; rows are ordered
 * level, image, y, x, anchor.
 */
export interface RpnOutput {
  /** Row [M,2]: background and face logits. */
  classLogits: Tensor;
  /** Row [M,4]: box code, not normalised. */
  boxDeltas: Tensor;
  /** Anchors per image of each level (H * W * A). */
  counts: number[];
}

const small = { kind: 'normal', std: 0.01 } as const;

/**
 * The region proposal network (docs/spec.md 1.5): conv 3x3 with ReLU, then 1x1 convolutions to 2A
 * scores (all backgrounds, then all faces) and 4A box deltas; shared by all levels.
 * Parameters: `rpn.conv`, `rpn.cls`, `rpn.bbox`.
 */
export class RpnHead {
  readonly #conv: ConvLayer;
  readonly #cls: ConvLayer;
  readonly #bbox: ConvLayer;
  readonly #anchors: number;
  /** Which of the backbone's levels the anchor levels use. */
  readonly #levelIndices: number[];

  constructor(
    config: ModelConfig,
    levels: readonly { stride: number; channels: number }[],
    bias: BiasRule,
  ) {
    const perCell = config.levels.map(anchorsPerCell);
    this.#anchors = perCell[0] ?? 0;
    if (perCell.some((count) => count !== this.#anchors)) {
      throw new RangeError(
        `model.levels: the RPN is shared, so every level needs the same number of anchors per cell, got ${perCell.join(', ')}.`,
      );
    }
    this.#levelIndices = config.levels.map((level) =>
      levelOf(levels, level.stride, 'model.levels'),
    );
    const isPaper = config.backbone === 'vgg16';
    const channels = levels[this.#levelIndices[0] as number]?.channels ?? 0;
    this.#conv = new ConvLayer('rpn.conv', {
      bias,
      inChannels: channels,
      outChannels: config.rpnChannels,
      kernel: 3,
      relu: true,
      ...(config.weightStandardize ? { gain: Math.SQRT2 } : isPaper ? { init: small } : {}),
    });
    const output = { bias, inChannels: config.rpnChannels, kernel: 1, init: small };
    this.#cls = new ConvLayer('rpn.cls', { ...output, outChannels: 2 * this.#anchors });
    this.#bbox = new ConvLayer('rpn.bbox', { ...output, outChannels: 4 * this.#anchors });
  }

  specs(): ParamSpec[] {
    return [this.#conv, this.#cls, this.#bbox].flatMap((layer) => layer.specs());
  }

  /** features: one c4 map [N,C,H,W] per level of the backbone. */
  forward(params: ParamStore, features: readonly Tensor[]): RpnOutput {
    return params.device.context.label('rpn', () => this.#forward(params, features));
  }

  #forward(params: ParamStore, features: readonly Tensor[]): RpnOutput {
    const weight = this.#conv.weight(params);
    const scores: Tensor[] = [];
    const deltas: Tensor[] = [];
    const counts: number[] = [];
    for (const index of this.#levelIndices) {
      const map = features[index] as Tensor;
      const hidden = this.#conv.apply(params, map, weight);
      const anchors = this.#anchors;
      scores.push(toAnchorRows(this.#cls.apply(params, hidden), { anchors, order: 'planar' }));
      deltas.push(
        toAnchorRows(this.#bbox.apply(params, hidden), { anchors, order: 'interleaved' }),
      );
      counts.push((map.shape[2] as number) * (map.shape[3] as number) * anchors);
    }
    return { classLogits: joined(scores), boxDeltas: joined(deltas), counts };
  }

  /** Indices into the backbone's levels, in the order of the anchors. */
  get levelIndices(): readonly number[] {
    return this.#levelIndices;
  }

  macs(cells: number): number {
    return this.#conv.macs(cells) + this.#cls.macs(cells) + this.#bbox.macs(cells);
  }
}

/** Row of anchor `a` of image `n` in an RPN output (a counts over all levels of that image). */
export function anchorRow(counts: readonly number[], images: number, n: number, a: number): number {
  let base = 0;
  let left = a;
  for (const count of counts) {
    if (left < count) return base + n * count + left;
    base += images * count;
    left -= count;
  }
  throw new RangeError(`anchor ${a} of an image with ${counts.reduce((x, y) => x + y, 0)}`);
}

/**
 * The rows of image `n` out of a host copy of an RPN output with `width` columns: [A*width], A the
 * anchors of one image (`counts` by level).
 */
export function rowsOfImage(
  values: Float32Array,
  counts: readonly number[],
  n: number,
  width: number,
): Float32Array {
  const total = counts.reduce((a, b) => a + b, 0);
  const images = values.length / (total * width);
  if (images === 1) return values;
  const out = new Float32Array(total * width);
  let base = 0;
  let at = 0;
  for (const count of counts) {
    const from = (base + n * count) * width;
    out.set(values.subarray(from, from + count * width), at);
    base += images * count;
    at += count * width;
  }
  return out;
}

/** Index of the level with this stride. Throws RangeError naming the setting otherwise. */
export function levelOf(
  levels: readonly { stride: number }[],
  stride: number,
  setting: string,
): number {
  const index = levels.findIndex((level) => level.stride === stride);
  if (index >= 0) return index;
  throw new RangeError(
    `${setting}: stride ${stride} is not a level of this backbone (it has ${levels.map((l) => l.stride).join(', ')}).`,
  );
}

function joined(parts: Tensor[]): Tensor {
  return parts.length === 1 ? (parts[0] as Tensor) : concatRows(parts);
}
