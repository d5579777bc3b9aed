/** What an evaluation on FDDB needs to know of the set. */
import type { EvalImage } from '../protocol.js';
import type { Solver } from './assignment.js';
import type { Ellipse } from './ellipse.js';
import type { RegionRules } from './overlaps.js';
import type { NamedCurve } from './published.js';

/** One picture of the benchmark. */
export interface FddbImage extends EvalImage {
  /** 1..10, or 0 where the list has no folds. */
  fold: number;
  ellipses: readonly Ellipse[];
  /** Pixels of the picture; null where neither it nor its size is known. */
  size: { width: number; height: number } | null;
}

/** How regions are made and matched. */
export interface ScoreRules extends RegionRules {
  /** Cut regions at the border of the picture, as the official tool does. */
  isClipped: boolean;
  /** Default `optimal`. */
  solver?: Solver;
}

export interface FddbSet {
  name: string;
  images: readonly FddbImage[];
  rules: ScoreRules;
  /** Of the whole set; none for a part of it. */
  published: readonly NamedCurve[];
}

/** Number of annotated faces. */
export const facesOf = (images: readonly FddbImage[]): number =>
  images.reduce((sum, { ellipses }) => sum + ellipses.length, 0);
