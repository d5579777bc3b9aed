import { add, relu, upsampleBilinear, upsampleNearest2x, type Tensor } from '../../nn/index.js';
import { ConvLayer } from './layers.js';
import type { ParamSpec, ParamStore } from './params.js';
import type { BiasRule, ModelConfig } from './types.js';

/** Maps that the segmentation branch reads, with their channels. */
export interface SegmentationInputs<T> {
  /** The map at `model.segmentation.stride`. */
  coarse: T;
  /** The map of half that stride, where `model.segmentation.detail` asks for finer logits; else null. */
  fine: T | null;
}

/** Stride of the second map that the branch reads; null where it reads one, or where there is no branch. */
export function fineStride({
  enabled,
  stride,
  detail,
}: ModelConfig['segmentation']): number | null {
  return enabled && detail ? stride / 2 : null;
}

/** Input pixels per cell of the branch's logits. */
export function logitStride(segmentation: ModelConfig['segmentation']): number {
  return fineStride(segmentation) ?? segmentation.stride;
}

/** Standard deviation of the last convolutions' first weights. */
const SCORE_STD = 0.01;

/**
 * The occlusion segmentation branch (docs/spec.md 4.3, J18): conv 3x3, conv 3x3 dilated, both ReLU,
 * conv 1x1 to two classes (1 = occluder), fixed bilinear upsampling cropped at the top left.
 * Gradients reach the backbone. Parameters: `segmentation.conv1`, `segmentation.conv2`,
 * `segmentation.score`.
 */
export class SegmentationBranch {
  /** Input pixels per cell of the logits. */
  readonly stride: number;
  readonly #conv1: ConvLayer;
  readonly #conv2: ConvLayer;
  readonly #score: ConvLayer;
  readonly #detail: DetailPath | null;

  constructor(config: ModelConfig, channels: SegmentationInputs<number>, bias: BiasRule) {
    const { channels: widths, dilation, detail } = config.segmentation;
    const [first = 256, second = 256] = widths;
    const common = { group: 'segmentation' as const, bias };
    this.#conv1 = new ConvLayer('segmentation.conv1', {
      ...common,
      inChannels: channels.coarse,
      outChannels: first,
      kernel: 3,
      relu: true,
    });
    this.#conv2 = new ConvLayer('segmentation.conv2', {
      ...common,
      inChannels: first,
      outChannels: second,
      kernel: 3,
      dilation,
      relu: true,
    });
    this.#score = new ConvLayer('segmentation.score', {
      ...common,
      inChannels: second,
      outChannels: 2,
      kernel: 1,
      init: { kind: 'normal', std: SCORE_STD },
    });
    this.#detail = detail
      ? new DetailPath({ fine: channels.fine!, hidden: second, width: detail.channels }, bias)
      : null;
    this.stride = logitStride(config.segmentation);
  }

  specs(): ParamSpec[] {
    return [
      ...[this.#conv1, this.#conv2, this.#score].flatMap((layer) => layer.specs()),
      ...(this.#detail?.specs() ?? []),
    ];
  }

  /** Maps c4 [N,C,h,w] (and [N,C',2h,2w]) -> logits c4 [N,2,h,w] at the finest map's own resolution. */
  scores(params: ParamStore, { coarse, fine }: SegmentationInputs<Tensor>): Tensor {
    const hidden = this.#conv2.apply(params, this.#conv1.apply(params, coarse));
    const scores = this.#score.apply(params, hidden);
    return this.#detail ? this.#detail.refine(params, scores, hidden, fine!) : scores;
  }

  /** Logits upsampled to outH x outW, `scale` output pixels per cell (default: the stride). */
  upsample(scores: Tensor, outH: number, outW: number, scale: number = this.stride): Tensor {
    if (scale === 1) return scores;
    return scores.device.context.label('segmentation.upsample', () =>
      upsampleBilinear(scores, { scale, outH, outW }),
    );
  }

  macs(cells: SegmentationInputs<number>): number {
    const layers = [this.#conv1, this.#conv2, this.#score];
    const coarse = layers.reduce((sum, layer) => sum + layer.macs(cells.coarse), 0);
    return coarse + (this.#detail?.macs(cells) ?? 0);
  }
}

/**
 * Logits at half the branch's stride (ours; `model.segmentation.detail`): the rims of glasses and strands of hair
 * are thinner than a cell of stride 8. The branch's logits, upsampled, plus a 3x3 convolution over
 * relu(1x1 of the finer map + 1x1 of the branch's hidden map, upsampled): edges from the one, what they
 * mean from the other. Parameters: `segmentation.lateral`, `segmentation.context`, `segmentation.refine.score`.
 */
class DetailPath {
  readonly #lateral: ConvLayer;
  readonly #context: ConvLayer;
  readonly #refine: ConvLayer;

  constructor(channels: { fine: number; hidden: number; width: number }, bias: BiasRule) {
    const common = { group: 'segmentation' as const, bias };
    const pointwise = (name: string, inChannels: number): ConvLayer =>
      new ConvLayer(`segmentation.${name}`, {
        ...common,
        inChannels,
        outChannels: channels.width,
        kernel: 1,
      });
    this.#lateral = pointwise('lateral', channels.fine);
    this.#context = pointwise('context', channels.hidden);
    this.#refine = new ConvLayer('segmentation.refine.score', {
      ...common,
      inChannels: channels.width,
      outChannels: 2,
      kernel: 3,
      init: { kind: 'normal', std: SCORE_STD },
    });
  }

  specs(): ParamSpec[] {
    return [this.#lateral, this.#context, this.#refine].flatMap((layer) => layer.specs());
  }

  refine(params: ParamStore, scores: Tensor, hidden: Tensor, fine: Tensor): Tensor {
    const [, , h = 0, w = 0] = fine.shape;
    const context = upsampleNearest2x(this.#context.apply(params, hidden), h, w);
    const mixed = relu(add(this.#lateral.apply(params, fine), context));
    const coarse = upsampleBilinear(scores, { scale: 2, outH: h, outW: w });
    return add(coarse, this.#refine.apply(params, mixed));
  }

  macs({ coarse, fine }: SegmentationInputs<number>): number {
    const cells = fine ?? 0;
    return this.#lateral.macs(cells) + this.#context.macs(coarse) + this.#refine.macs(cells);
  }
}
