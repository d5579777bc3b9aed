/** Options and results of the occluder painter. */
import type { OccluderKind, PhotoKind } from '../../config/occluder-kinds.js';
import type { PainterConfig } from '../../config/painter.js';
import type { CutoutBank } from './cutout-bank.js';
import type { PhotoObject } from './object-bank.js';
import type { DecodedImage, FaceBox } from '../sample.js';

/** The settings of the config, and what a run adds to them. */
export interface PainterOptions
  extends
    Omit<PainterConfig, 'decoyProbability'>,
    Partial<Pick<PainterConfig, 'decoyProbability'>> {
  /** Faces that hands and objects without a face keep away from; default the faces given. */
  avoid?: readonly FaceBox[];
  /** Objects cut out of photographs, for the kind 'cutout'; without it that kind is skipped. */
  bank?: CutoutBank;
  /** Photographed things by kind; kinds without any are skipped. */
  objects?: Readonly<Partial<Record<PhotoKind, readonly PhotoObject[]>>>;
}

export interface PaintResult {
  /** The painted copy. */
  image: DecodedImage;
  /** [H, W], 1 where an occluder's alpha is at least 0.5. */
  mask: Uint8Array;
  /** What was painted, in order; `face` indexes the faces given. */
  painted: { face: number; kind: OccluderKind }[];
}
