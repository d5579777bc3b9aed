import type { Tensor } from '../../nn/index.js';
import { ConfigError } from '../errors.js';
import type { Backbone, FeatureLevel } from './backbone.js';
import { LiteBackbone } from './lite.js';
import { MaskGenerator } from './mask-generator.js';
import type { ParamSpec, ParamStore } from './params.js';
import { RoiHead, poolRois } from './roi-head.js';
import { RpnHead, levelOf } from './rpn.js';
import { fineStride, SegmentationBranch, type SegmentationInputs } from './segmentation.js';
import type { BiasRule, ModelConfig } from './types.js';
import { Vgg16 } from './vgg16.js';

/** Multiply-adds of one forward pass. */
export interface ForwardCost {
  backbone: number;
  rpn: number;
  head: number;
  segmentation: number;
  total: number;
}

/** Scalars of a network, 4 GiB as float32; VGG16 with the paper's head has 138 million. */
const MOST_PARAMETERS = 2 ** 30;

/** The network's parts, without values: those are in a {@link ParamStore} made from `specs()`. */
export class AofdModel {
  readonly config: ModelConfig;
  readonly backbone: Backbone;
  readonly rpn: RpnHead;
  readonly head: RoiHead;
  readonly generator: MaskGenerator;
  readonly segmentation: SegmentationBranch | null;
  /** Index of the map that RoIs are pooled from. */
  readonly roiLevel: number;
  /** Indices of the maps that the segmentation branch reads. */
  readonly #segmentationLevels: SegmentationInputs<number>;

  /**
   * `bias` only matters for training. Nothing is allocated.
   * @throws ConfigError for a network of more than {@link MOST_PARAMETERS} scalars
   */
  constructor(config: ModelConfig, bias: BiasRule = { lrMult: 1, decayMult: 1 }) {
    this.config = config;
    this.backbone =
      config.backbone === 'vgg16' ? new Vgg16(config, bias) : new LiteBackbone(config, bias);
    const { levels } = this.backbone;
    this.roiLevel = levelOf(levels, config.roiStride, 'model.roiStride');
    const roiChannels = levels[this.roiLevel]?.channels ?? 0;
    this.rpn = new RpnHead(config, levels, bias);
    this.head = new RoiHead(config, roiChannels, bias);
    this.generator = new MaskGenerator(config, roiChannels, bias);
    const { enabled, stride } = config.segmentation;
    const fine = fineStride(config.segmentation);
    this.#segmentationLevels = {
      coarse: enabled ? levelOf(levels, stride, 'model.segmentation.stride') : 0,
      fine: fine === null ? null : levelOf(levels, fine, 'model.segmentation.detail'),
    };
    this.segmentation = enabled
      ? new SegmentationBranch(config, this.#segmentationInputs(channelsOf(levels)), bias)
      : null;
    checkSize(this.specs());
  }

  /** Every parameter, in a fixed order. */
  specs(): ParamSpec[] {
    return [
      ...this.backbone.specs(),
      ...this.rpn.specs(),
      ...this.head.specs(),
      ...this.generator.specs(),
      ...(this.segmentation?.specs() ?? []),
    ];
  }

  /** Pools RoIs (row [R,5]: image, box in input pixels) from the chosen map: c4 [R,C,7,7]. */
  pool(features: readonly Tensor[], rois: Tensor): Tensor {
    const map = features[this.roiLevel] as Tensor;
    return map.device.context.label('roi pooling', () => poolRois(map, rois, this.config));
  }

  /**
   * Segmentation logits c4 [N,2,h,w], a cell each `segmentation.stride` pixels; null where there is no branch.
   * @param rows what takes the wanted images of a map
   */
  segment(
    params: ParamStore,
    features: readonly Tensor[],
    rows: (map: Tensor) => Tensor = (map) => map,
  ): Tensor | null {
    if (!this.segmentation) return null;
    const { coarse, fine } = this.#segmentationInputs(features);
    const inputs = { coarse: rows(coarse), fine: fine && rows(fine) };
    return this.segmentation.scores(params, inputs);
  }

  /** Of a list with an entry a map, those of the maps that the branch reads. */
  #segmentationInputs<T>(ofMaps: readonly T[]): SegmentationInputs<T> {
    const { coarse, fine } = this.#segmentationLevels;
    return { coarse: ofMaps[coarse]!, fine: fine === null ? null : ofMaps[fine]! };
  }

  /** Sizes of the maps that carry anchors, in the order of `config.levels`. */
  anchorMapSizes(height: number, width: number): { height: number; width: number }[] {
    const sizes = this.backbone.featureSizes(height, width);
    return this.rpn.levelIndices.map((i) => sizes[i] as { height: number; width: number });
  }

  /** The same with their strides. */
  anchorLevels(height: number, width: number): { height: number; width: number; stride: number }[] {
    return this.anchorMapSizes(height, width).map((size, i) => ({
      ...size,
      stride: this.config.levels[i]!.stride,
    }));
  }

  /** Multiply-adds at inference, for `rois` proposals; twice that many FLOP. */
  cost(height: number, width: number, rois: number): ForwardCost {
    const sizes = this.backbone.featureSizes(height, width);
    const areas = sizes.map((size) => size.height * size.width);
    const cells = (i: number): number => areas[i] ?? 0;
    const backbone = this.backbone.macs(height, width);
    const rpn = this.rpn.levelIndices.reduce((sum, i) => sum + this.rpn.macs(cells(i)), 0);
    const head = this.head.macs(rois);
    const segmentation = this.segmentation?.macs(this.#segmentationInputs(areas)) ?? 0;
    return { backbone, rpn, head, segmentation, total: backbone + rpn + head + segmentation };
  }
}

const channelsOf = (levels: readonly FeatureLevel[]): number[] =>
  levels.map(({ channels }) => channels);

function checkSize(specs: readonly ParamSpec[]): void {
  const total = specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  if (total <= MOST_PARAMETERS) return;
  throw new ConfigError(
    'config',
    `the network has ${total} parameters, at most ${MOST_PARAMETERS} are taken.`,
    { where: 'model', fix: 'lower the widths of its layers.', paths: ['model'] },
  );
}
