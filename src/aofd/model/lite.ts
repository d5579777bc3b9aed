import { add, relu, upsampleNearest2x, type Tensor } from '../../nn/index.js';
import type { Backbone, FeatureLevel } from './backbone.js';
import { ConvLayer, type ConvOptions } from './layers.js';
import type { ParamSpec, ParamStore } from './params.js';
import { fineStride } from './segmentation.js';
import type { BiasRule, ModelConfig } from './types.js';

/** Gain in front of a ReLU: keeps the variance, as He's initialisation does. */
const reluGain = Math.SQRT2;
/** Gain of a residual branch's last convolution at the start: near identity, yet trained at once. */
const branchGain = 0.2;

interface Stage {
  down: ConvLayer;
  blocks: (readonly [ConvLayer, ConvLayer])[];
}

/**
 * The small backbone: a stride-2 stem, stages at strides 4, 8, 16, 32 (a stride-2 convolution, then
 * residual blocks relu(x + conv(relu(conv(x))))), and a feature pyramid on strides 8, 16, 32:
 * 1x1 lateral convolutions, coarser levels added after nearest upsampling. Behind these, where the
 * segmentation branch asks for it (`model.segmentation.detail`), stage 4's own map.
 * Parameters: `backbone.stem`, `backbone.stage<stride>.down`, `backbone.stage<stride>.<block>.conv{1,2}`,
 * `backbone.lateral<stride>`.
 */
export class LiteBackbone implements Backbone {
  readonly levels: readonly FeatureLevel[];
  readonly #stem: ConvLayer;
  readonly #stages: Stage[];
  readonly #laterals: ConvLayer[];
  readonly #residual: boolean;
  readonly #givesStride4: boolean;

  constructor(config: ModelConfig, bias: BiasRule) {
    this.#residual = config.residual;
    const gain = config.weightStandardize ? reluGain : null;
    const lastGain = config.weightStandardize ? branchGain : null;
    const conv = (
      name: string,
      inChannels: number,
      outChannels: number,
      more: Partial<ConvOptions> = {},
    ): ConvLayer =>
      new ConvLayer(`backbone.${name}`, {
        inChannels,
        outChannels,
        kernel: 3,
        relu: true,
        gain,
        bias,
        ...more,
      });
    this.#stem = conv('stem', 3, config.stemChannels, { stride: 2 });
    let inChannels = config.stemChannels;
    this.#stages = config.stageChannels.map((channels, s) => {
      const name = `stage${4 << s}`;
      const down = conv(`${name}.down`, inChannels, channels, { stride: 2 });
      inChannels = channels;
      const blocks = Array.from({ length: config.blocks[s] ?? 0 }, (_, b) => {
        const first = conv(`${name}.${b}.conv1`, channels, channels);
        const second = conv(`${name}.${b}.conv2`, channels, channels, {
          relu: false,
          gain: lastGain,
          init: {
            kind: 'normal',
            std: (lastGain === null ? branchGain : 1) / Math.sqrt(9 * channels),
          },
        });
        return [first, second] as const;
      });
      return { down, blocks };
    });
    const linearGain = config.weightStandardize ? 1 : null;
    this.#laterals = config.stageChannels.slice(1).map((channels, i) =>
      conv(`lateral${8 << i}`, channels, config.fpnChannels, {
        kernel: 1,
        relu: false,
        gain: linearGain,
      }),
    );
    this.#givesStride4 = fineStride(config.segmentation) === 4;
    const pyramid = this.#laterals.map((_, i) => ({
      stride: 8 << i,
      channels: config.fpnChannels,
    }));
    const stage4 = { stride: 4, channels: config.stageChannels[0] ?? 0 };
    this.levels = this.#givesStride4 ? [...pyramid, stage4] : pyramid;
  }

  specs(): ParamSpec[] {
    return this.#layers().flatMap((layer) => layer.specs());
  }

  forward(params: ParamStore, images: Tensor): Tensor[] {
    return images.device.context.label('backbone', () => this.#forward(params, images));
  }

  #forward(params: ParamStore, images: Tensor): Tensor[] {
    let map = this.#stem.apply(params, images);
    const outputs: Tensor[] = [];
    for (const stage of this.#stages) {
      map = stage.down.apply(params, map);
      for (const [first, second] of stage.blocks) {
        const branch = second.apply(params, first.apply(params, map));
        map = relu(this.#residual ? add(map, branch) : branch);
      }
      outputs.push(map);
    }
    const fused: Tensor[] = [];
    for (let i = this.#laterals.length - 1; i >= 0; i--) {
      const own = (this.#laterals[i] as ConvLayer).apply(params, outputs[i + 1] as Tensor);
      const coarser = fused[0];
      fused.unshift(
        coarser
          ? add(own, upsampleNearest2x(coarser, own.shape[2] as number, own.shape[3] as number))
          : own,
      );
    }
    return this.#givesStride4 ? [...fused, outputs[0] as Tensor] : fused;
  }

  featureSizes(height: number, width: number): { height: number; width: number }[] {
    let [h, w] = [halved(halved(height)), halved(halved(width))];
    const stage4 = { height: h, width: w };
    const pyramid = this.#laterals.map(() => {
      [h, w] = [halved(h), halved(w)];
      return { height: h, width: w };
    });
    return this.#givesStride4 ? [...pyramid, stage4] : pyramid;
  }

  macs(height: number, width: number): number {
    let [h, w] = [halved(height), halved(width)];
    let total = this.#stem.macs(h * w);
    this.#stages.forEach((stage, s) => {
      [h, w] = [halved(h), halved(w)];
      total += stage.down.macs(h * w);
      for (const block of stage.blocks) for (const layer of block) total += layer.macs(h * w);
      const lateral = this.#laterals[s - 1];
      if (lateral) total += lateral.macs(h * w);
    });
    return total;
  }

  #layers(): ConvLayer[] {
    return [
      this.#stem,
      ...this.#stages.flatMap((stage) => [stage.down, ...stage.blocks.flat()]),
      ...this.#laterals,
    ];
  }
}

/** Output size of a 3x3 convolution with stride 2 and padding 1. */
function halved(size: number): number {
  return Math.ceil(size / 2);
}
