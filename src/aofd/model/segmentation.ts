import { upsampleBilinear, type Tensor } from '../../nn/index.js';
import { ConvLayer } from './layers.js';
import type { ParamSpec, ParamStore } from './params.js';
import type { BiasRule, ModelConfig } from './types.js';

/**
 * The occlusion segmentation branch (docs/spec.md 4.3, J18): conv 3x3, conv 3x3 dilated, both ReLU,
 * conv 1x1 to two classes (1 = occluder), fixed bilinear upsampling cropped at the top left.
 * Gradients reach the backbone. Parameters: `segmentation.conv1`, `segmentation.conv2`,
 * `segmentation.score`.
 */
export class SegmentationBranch {
  readonly stride: number;
  readonly #conv1: ConvLayer;
  readonly #conv2: ConvLayer;
  readonly #score: ConvLayer;

  constructor(config: ModelConfig, channels: number, bias: BiasRule) {
    const { channels: widths, dilation, stride } = config.segmentation;
    const [first = 256, second = 256] = widths;
    const common = { group: 'segmentation' as const, bias };
    this.stride = stride;
    this.#conv1 = new ConvLayer('segmentation.conv1', {
      ...common,
      inChannels: channels,
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
      init: { kind: 'normal', std: 0.01 },
    });
  }

  specs(): ParamSpec[] {
    return [this.#conv1, this.#conv2, this.#score].flatMap((layer) => layer.specs());
  }

  /** Map c4 [N,C,h,w] -> logits c4 [N,2,h,w] at the map's own resolution. */
  scores(params: ParamStore, features: Tensor): Tensor {
    const hidden = this.#conv2.apply(params, this.#conv1.apply(params, features));
    return this.#score.apply(params, hidden);
  }

  /** Logits upsampled to outH x outW, `scale` output pixels per cell (default: the stride). */
  upsample(scores: Tensor, outH: number, outW: number, scale: number = this.stride): Tensor {
    if (scale === 1) return scores;
    return scores.device.context.label('segmentation.upsample', () =>
      upsampleBilinear(scores, { scale, outH, outW }),
    );
  }

  macs(cells: number): number {
    return this.#conv1.macs(cells) + this.#conv2.macs(cells) + this.#score.macs(cells);
  }
}
