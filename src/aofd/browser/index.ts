/**
 * `aofd/browser`: faces, and what covers them, in pages and workers. Looks inside are in
 * `aofd/browser/inspect`; the framework below is `aofd/nn`. All share one engine.
 */
import './surroundings.js';

export {
  Detector,
  defaultWeightsUrl,
  type DetectOptions,
  type DetectorOptions,
  type Progress,
} from './detector.js';
export type { AdapterInfo } from './adapter-info.js';
export { drawFacesOnCanvas, type DrawOptions } from './draw.js';
export { BrowserError } from './errors.js';
export { pixelsOfAsync, type PictureSource } from './pixels.js';
export { VideoDetector, type FrameDetection } from './video.js';

export { NnError } from '../../nn/errors.js';
export { PlatformError } from '../../nn/platform/index.js';
export type { Detection, Detector as DetectorCore } from '../detect/detector.js';
export { DetectedFace, type FaceRecord } from '../detect/faces.js';
export type { FaceOcclusion } from '../detect/occluders.js';
export {
  decodeRunLength,
  encodeRunLength,
  type BinaryMask,
  type RunLengthMask,
} from '../detect/rle.js';
export type { DecodedImage } from '../data/sample.js';
