/** Options and results of the occluder painter. */
import type { CutoutBank } from './cutout-bank.js';
import { PHOTO_KINDS, type PhotoKind, type PhotoObject } from './object-bank.js';
import type { DecodedImage, FaceBox } from '../sample.js';

/** What can be painted over a face. */
export const OCCLUDER_KINDS = [
  'medical-mask',
  'scarf',
  'sunglasses',
  'hand',
  'block',
  'blob',
  'hat',
  'fringe',
  'cutout',
  ...PHOTO_KINDS,
] as const;
export type OccluderKind = (typeof OCCLUDER_KINDS)[number];

export interface PainterOptions {
  /** Relative frequency of each kind; kinds left out are not painted. */
  kinds: Partial<Record<OccluderKind, number>>;
  /** Probability that a usable face is painted at all. */
  faceProbability: number;
  /** Probability of a second occluder on a painted face. */
  secondProbability: number;
  /** Faces with a shorter side below this are left alone, px. */
  minFacePx: number;
  /** Probability of one to three hands and objects where no face is. Default 0. */
  decoyProbability?: number;
  /** Faces that those keep away from; default the faces given. */
  avoid?: readonly FaceBox[];
  /** Objects cut out of photographs, for the kind 'cutout'; without it that kind is skipped. */
  bank?: CutoutBank;
  /** Photographed things by kind; kinds without any are skipped. */
  objects?: Readonly<Partial<Record<PhotoKind, readonly PhotoObject[]>>>;
}

/** Mixed kinds; medical masks and hands most often. */
export const DEFAULT_PAINTER: PainterOptions = {
  kinds: {
    'medical-mask': 3,
    scarf: 1,
    sunglasses: 1.2,
    hand: 1.6,
    block: 0.8,
    blob: 0.6,
    hat: 0.8,
    fringe: 0.8,
    cutout: 2.5,
  },
  faceProbability: 0.6,
  secondProbability: 0.12,
  minFacePx: 14,
};

export interface PaintResult {
  /** The painted copy. */
  image: DecodedImage;
  /** [H, W], 1 where an occluder's alpha is at least 0.5. */
  mask: Uint8Array;
  /** What was painted, in order; `face` indexes the faces given. */
  painted: { face: number; kind: OccluderKind }[];
}
