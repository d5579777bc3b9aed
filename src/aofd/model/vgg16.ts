import type { Tensor } from '../../nn/index.js';
import type { Backbone, FeatureLevel } from './backbone.js';
import { ConvLayer } from './layers.js';
import { withoutGrad } from './no-grad.js';
import type { ParamSpec, ParamStore } from './params.js';
import type { BiasRule, ModelConfig } from './types.js';

/** Channels and convolutions of each block; a pool follows all but the last. */
export const VGG16_BLOCKS: readonly (readonly [channels: number, convs: number])[] = [
  [64, 2],
  [128, 2],
  [256, 3],
  [512, 3],
  [512, 3],
];

/**
 * VGG16 without its last pool (docs/spec.md 1.1): 13 convolutions 3x3 with ReLU, ceil pools, one map
 * of stride 16 with 512 channels. Nothing is back-propagated below conv3_1's input.
 * Parameters: `backbone.conv<block>_<i>.{weight,bias}`.
 */
export class Vgg16 implements Backbone {
  readonly levels: readonly FeatureLevel[] = [{ stride: 16, channels: 512 }];
  readonly #convs: ConvLayer[][];
  /** conv1 and conv2 keep their ImageNet weights (docs/spec.md 1.1). */
  readonly #frozenBlocks: number;
  readonly #ceil: boolean;

  constructor(config: Pick<ModelConfig, 'frozenBlocks' | 'ceilPooling'>, bias: BiasRule) {
    this.#frozenBlocks = config.frozenBlocks;
    this.#ceil = config.ceilPooling;
    let inChannels = 3;
    this.#convs = VGG16_BLOCKS.map(([channels, convs], b) =>
      Array.from({ length: convs }, (_, i) => {
        const layer = new ConvLayer(`backbone.conv${b + 1}_${i + 1}`, {
          inChannels,
          outChannels: channels,
          kernel: 3,
          relu: true,
          frozen: b < config.frozenBlocks,
          bias,
        });
        inChannels = channels;
        return layer;
      }),
    );
  }

  specs(): ParamSpec[] {
    return this.#convs.flat().flatMap((layer) => layer.specs());
  }

  forward(params: ParamStore, images: Tensor): Tensor[] {
    return images.device.context.label('backbone', () => this.#forward(params, images));
  }

  #forward(params: ParamStore, images: Tensor): Tensor[] {
    const early = withoutGrad(images.device, () => {
      using scope = images.device.scope();
      let map = images;
      for (let b = 0; b < this.#frozenBlocks; b++) map = this.#block(params, map, b, images);
      return scope.keep(map);
    });
    let map = early;
    for (let b = this.#frozenBlocks; b < VGG16_BLOCKS.length; b++)
      map = this.#block(params, map, b, null);
    return [map];
  }

  /** Convolutions of a block and its pool. Maps other than `keep` are freed early if it is given. */
  #block(params: ParamStore, input: Tensor, b: number, keep: Tensor | null): Tensor {
    let map = input;
    const step = (next: Tensor): void => {
      if (keep && map !== keep) map.dispose();
      map = next;
    };
    const layers = this.#convs[b] as ConvLayer[];
    layers.forEach((layer, i) => {
      const isPooled = i === layers.length - 1 && b < VGG16_BLOCKS.length - 1;
      step(
        isPooled ? layer.applyPooled(params, map, { ceil: this.#ceil }) : layer.apply(params, map),
      );
    });
    return map;
  }

  featureSizes(height: number, width: number): { height: number; width: number }[] {
    return [{ height: pooled(height, this.#ceil), width: pooled(width, this.#ceil) }];
  }

  macs(height: number, width: number): number {
    let total = 0;
    let [h, w] = [height, width];
    for (const convs of this.#convs) {
      for (const layer of convs) total += layer.macs(h * w);
      [h, w] = [Math.ceil(h / 2), Math.ceil(w / 2)];
    }
    return total;
  }
}

/** Size after four pools. */
function pooled(size: number, ceil: boolean): number {
  for (let i = 0; i < 4; i++) size = ceil ? Math.ceil(size / 2) : Math.floor(size / 2);
  return size;
}
