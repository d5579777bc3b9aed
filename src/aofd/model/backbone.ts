import type { Tensor } from '../../nn/index.js';
import type { ParamSpec, ParamStore } from './params.js';

/** One map of a backbone. */
export interface FeatureLevel {
  /** Input pixels per cell. */
  stride: number;
  channels: number;
}

/** What turns images into feature maps. */
export interface Backbone {
  /** Maps in the order of `forward`: the pyramid finest first, then any other. */
  readonly levels: readonly FeatureLevel[];
  specs(): ParamSpec[];
  /** images c4 [N,3,H,W] (normalised) -> one c4 map per level. */
  forward(params: ParamStore, images: Tensor): Tensor[];
  /** Size of each level's map for an input of that size. */
  featureSizes(height: number, width: number): { height: number; width: number }[];
  /** Multiply-adds of one image. */
  macs(height: number, width: number): number;
}
