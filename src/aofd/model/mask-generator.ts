import { reshape, toRow, type Tensor } from '../../nn/index.js';
import { ConvLayer } from './layers.js';
import type { ParamSpec, ParamStore } from './params.js';
import type { BiasRule, ModelConfig } from './types.js';

/**
 * The mask generator (docs/spec.md 3.2): 3x3 convolutions with ReLU on pooled RoIs, then one to a
 * single-channel heat map; small values are what it wants occluded. Padding 1 throughout.
 * Parameters: `generator.conv1..`, `generator.heat`.
 */
export class MaskGenerator {
  readonly #convs: ConvLayer[];
  readonly #heat: ConvLayer;

  constructor(config: ModelConfig, channels: number, bias: BiasRule) {
    const { channels: width, convs } = config.generator;
    const common = { group: 'generator' as const, bias };
    this.#convs = Array.from(
      { length: convs },
      (_, i) =>
        new ConvLayer(`generator.conv${i + 1}`, {
          ...common,
          inChannels: i === 0 ? channels : width,
          outChannels: width,
          kernel: 3,
          relu: true,
        }),
    );
    this.#heat = new ConvLayer('generator.heat', {
      ...common,
      inChannels: convs > 0 ? width : channels,
      outChannels: 1,
      kernel: 3,
      init: { kind: 'normal', std: 0.01 },
    });
  }

  specs(): ParamSpec[] {
    return [...this.#convs, this.#heat].flatMap((layer) => layer.specs());
  }

  /** Whether the weights brought its parameters: files that only detect leave them out. */
  isIn(params: ParamStore): boolean {
    return this.specs().every(({ name }) => params.has(name));
  }

  /** pooled c4 [R,C,7,7] -> heat row [R,49]. */
  forward(params: ParamStore, pooled: Tensor): Tensor {
    let map = pooled;
    for (const conv of this.#convs) map = conv.apply(params, map);
    const heat = this.#heat.apply(params, map);
    const [rows = 0, , height = 0, width = 0] = pooled.shape;
    return pooled.device.context.label('generator.heat', () =>
      reshape(toRow(heat), [rows, height * width]),
    );
  }
}
