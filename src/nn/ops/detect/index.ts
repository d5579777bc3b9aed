/**
 * Detection without gradient: anchors, box code, overlaps, sorting, non-maximum suppression, random
 * choice, and pictures as network input. Results stay on the device.
 */
export {
  gridAnchors,
  decodeBoxes,
  clipBoxes,
  iouMatrix,
  type GridAnchorsOptions,
  type DecodeBoxesOptions,
} from './boxes.js';
export type { Corners } from './checks.js';
export { sortDescending, topK, maxSortLength, type Sorted } from './sort.js';
export { nms, maxNmsBoxes, type IndexList, type NmsOptions } from './nms.js';
export { sampleIndices, type SampleOptions } from './sample.js';
export { fill } from './fill.js';
export { pictureToMap, type PictureToMapOptions } from './image.js';
