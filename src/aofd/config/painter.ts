import type { Config } from './schema.js';

/** Which occluders are painted over faces, and how often. */
export type PainterConfig = Config['data']['painter'];

/** Mixed kinds; medical masks and hands most often. */
export const DEFAULT_PAINTER: PainterConfig = {
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
  decoyProbability: 0,
};
