/** The convolutions of VGG16 (docs/spec.md 1.1) and the sizes they have on a square picture. */
import { VGG16_BLOCKS } from '../../src/aofd/model/vgg16.js';

export interface VggLayer {
  name: string;
  block: number;
  inChannels: number;
  outChannels: number;
  /** Divisor of the picture's side at this layer. */
  stride: number;
}

/** conv1_1 to conv5_3. */
export function vggLayers(): VggLayer[] {
  const layers: VggLayer[] = [];
  let inChannels = 3;
  for (const [b, [outChannels, convs]] of VGG16_BLOCKS.entries()) {
    for (let i = 1; i <= convs; i++) {
      const name = `conv${b + 1}_${i}`;
      layers.push({ name, block: b, inChannels, outChannels, stride: 2 ** b });
      inChannels = outChannels;
    }
  }
  return layers;
}

/** FLOPs of the 13 convolutions, 2 per multiply-add, on a square picture. */
export function vggFlops(side: number, from = 0): number {
  return vggLayers()
    .slice(from)
    .reduce((sum, l) => sum + 18 * l.inChannels * l.outChannels * (side / l.stride) ** 2, 0);
}

/** First layer that the paper's network trains (docs/spec.md 1.1): conv3_1. */
export const firstTrained = 4;
