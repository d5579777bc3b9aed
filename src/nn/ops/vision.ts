/** Operations on pictures, maps, RoIs and masks. */
export { bytesToMap, type BytesToMapOptions } from './image.js';
export { maxPool2d, type MaxPoolOptions } from './pool.js';
export { roiPool, type RoiPoolOptions } from './roi.js';
export { roiAlign, type RoiAlignOptions } from './roi-align.js';
export { upsampleBilinear, upsampleNearest2x, type UpsampleOptions } from './upsample.js';
export { kSmallestMask, maskedCells, mulMask, type KSmallest } from './mask.js';
export { compactLoss, type CompactLossOptions } from './compact.js';
