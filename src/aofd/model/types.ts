import type { AnchorLevel } from '../anchors.js';

/** Shape of the network: one graph for `paper` and `lite` (AOFD-SPEC 1.1, 1.5, 1.12, 3.2, 4.3). */
export interface ModelConfig {
  /** `vgg16`: the paper. `lite`: residual convolutions from scratch. */
  backbone: 'vgg16' | 'lite';
  /** lite: channels of the stride-2 stem. */
  stemChannels: number;
  /** lite: channels of the stages at strides 4, 8, 16, 32. */
  stageChannels: readonly number[];
  /** lite: residual blocks after each stage's stride-2 convolution. */
  blocks: readonly number[];
  /** lite: convolution weights are standardised per output channel with a learned gain. */
  weightStandardize: boolean;
  /** lite: channels of the fused maps (levels of the feature pyramid). */
  fpnChannels: number;
  /** Anchor levels, finest first; each stride must be one that the backbone provides. */
  levels: readonly AnchorLevel[];
  /** Channels of the RPN's 3x3 convolution (512 in the paper). */
  rpnChannels: number;
  /** Stride of the one map that RoIs are pooled from. */
  roiStride: number;
  /** Width of fc6 (4096 in the paper). */
  hidden6: number;
  /** Width of fc7; 0 leaves the layer out. */
  hidden7: number;
  /** Dropout probability after fc6 and fc7 while training. */
  dropout: number;
  generator: {
    /** Channels of the hidden convolutions (256). */
    channels: number;
    /** Number of hidden convolutions (3), before the one that gives the heat map. */
    convs: number;
  };
  segmentation: {
    enabled: boolean;
    /** Stride of the map the branch reads. */
    stride: number;
    /** Channels of the two hidden convolutions (256, 256). */
    channels: readonly number[];
    /** Dilation of the second convolution (2). */
    dilation: number;
  };
}

/** Side of the pooled RoI map (AOFD-SPEC 1.11). */
export const POOL_SIZE = 7;
/** Cells of the pooled RoI map. */
export const POOL_CELLS = POOL_SIZE * POOL_SIZE;
