/**
 * The parameter names of VGG16 in our weight files and checkpoints.
 *
 * | name | shape | order |
 * | --- | --- | --- |
 * | `convB_I.weight` | [O, I, 3, 3] | OIHW; the input channels of conv1_1 are B, G, R |
 * | `convB_I.bias` | [O] | |
 * | `fc6.weight` | [4096, 25088] | columns are the 512x7x7 RoI features flattened C, H, W |
 * | `fc7.weight` | [4096, 4096] | [out, in] |
 * | `fc6.bias`, `fc7.bias` | [4096] | |
 *
 * Pixels are 0..255, B, G, R, with the means of docs/spec.md 1.2 subtracted and no division.
 * Layers are those of docs/spec.md 1.1: 3x3, stride 1, zero padding 1, ReLU.
 */

export interface VggConv {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** The 13 convolutions, in order (docs/spec.md 1.1). */
export const VGG16_CONVS: readonly VggConv[] = [
  ['conv1_1', 3, 64],
  ['conv1_2', 64, 64],
  ['conv2_1', 64, 128],
  ['conv2_2', 128, 128],
  ['conv3_1', 128, 256],
  ['conv3_2', 256, 256],
  ['conv3_3', 256, 256],
  ['conv4_1', 256, 512],
  ['conv4_2', 512, 512],
  ['conv4_3', 512, 512],
  ['conv5_1', 512, 512],
  ['conv5_2', 512, 512],
  ['conv5_3', 512, 512],
].map(([name, inChannels, outChannels]) => ({ name, inChannels, outChannels }) as VggConv);

/** Layers whose parameters the paper's base freezes (docs/spec.md 1.1: lr_mult 0 and decay_mult 0). */
export const VGG16_FROZEN: readonly string[] = ['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2'];

/** Channels, height and width of the pooled features that fc6 reads (docs/spec.md 1.12). */
export const FC6_INPUT = { channels: 512, height: 7, width: 7 } as const;
export const FC_WIDTH = 4096;

/** B, G, R means in grey levels (docs/spec.md 1.2), those of Fast R-CNN. */
export const PIXEL_MEANS_BGR: readonly [number, number, number] = [102.9801, 115.9465, 122.7717];

const FC6_COLUMNS = FC6_INPUT.channels * FC6_INPUT.height * FC6_INPUT.width;

/** Every VGG16 parameter's name and shape; with the two fully connected layers unless told. */
export function vgg16Shapes(options: { withFc?: boolean } = {}): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  for (const { name, inChannels, outChannels } of VGG16_CONVS) {
    shapes[`${name}.weight`] = [outChannels, inChannels, 3, 3];
    shapes[`${name}.bias`] = [outChannels];
  }
  if (options.withFc ?? true) {
    shapes['fc6.weight'] = [FC_WIDTH, FC6_COLUMNS];
    shapes['fc6.bias'] = [FC_WIDTH];
    shapes['fc7.weight'] = [FC_WIDTH, FC_WIDTH];
    shapes['fc7.bias'] = [FC_WIDTH];
  }
  return shapes;
}
