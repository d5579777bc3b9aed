/**
 * The library: detecting faces and what covers them, training, data, evaluation. For Node; browser
 * code imports the parts it needs. The framework below is `aofd/nn`.
 */

export { ConfigError, DataError, ImageDecodeError, TrainError } from './errors.js';

// Detection
export { Detector, type Detection, type DetectorOptions } from './detect/detector.js';
export { DEFAULT_SCORE, type DetectSettings } from './detect/settings.js';
export type { Network } from './detect/network.js';
export { DetectedFace, type FaceRecord } from './detect/faces.js';
export type { FaceOcclusion } from './detect/occluders.js';
export {
  inputScale,
  preparePass,
  preparePicture,
  type Pass,
  type PreparedPass,
  type PreparedPicture,
} from './detect/prepare.js';
export {
  annotatedPngAsync,
  detectFilesAsync,
  drawingOf,
  listPictures,
  pngAsync,
  type DetectFilesOptions,
  type FileResult,
  type PictureFile,
} from './detect/files/detect-files.js';
export { configOf, untrainedWeights, type DetectorWeights } from './weights/detector-weights.js';
export { defaultWeightsFile, readWeightsAsync } from './weights/files/detector-weights.js';
export { inspectAsync, type Inspection } from './detect/inspect/inspect.js';
export { checkModelAsync, formatReport, type ModelCheck } from './detect/inspect/check-model.js';
export {
  decodeRunLength,
  encodeRunLength,
  runLengthArea,
  type BinaryMask,
  type RunLengthMask,
} from './detect/rle.js';
export { drawFaces, type DrawFacesOptions, type FaceDrawing } from './detect/drawing/draw-faces.js';
export { encodePng } from './detect/files/png.js';
export type { Raster } from './detect/drawing/draw.js';

// Network
export * from './model/index.js';
export * from './config/index.js';
export { loadConfig } from './config/files.js';

// Training
export {
  Trainer,
  JsonlWriter,
  TerminalWriter,
  TrainStep,
  type EventWriter,
  type HookContext,
  type TrainEvent,
  type TrainHooks,
  type TrainResult,
  type TrainerOptions,
} from './train/run/index.js';

// Data
export { decodeImage, decodeMaskPng, type DecodeOptions } from './data/files/decode.js';
export { loadWider } from './data/sets/wider.js';
export { loadCoco } from './data/sets/coco.js';
export { loadFddb } from './data/sets/fddb.js';
export { loadVoc } from './data/sets/voc.js';
export { loadOcclusionSeg } from './data/sets/occlusion-seg.js';
export { BatchLoader } from './data/batches/pipeline.js';
export type { Batch, BatchOptions } from './data/batches/batch.js';
export { DEFAULT_AUGMENT, NO_AUGMENT } from './data/augment/augment.js';
export { paintOccluder, paintOccluders } from './data/occluders/painter.js';
export {
  DEFAULT_PAINTER,
  OCCLUDER_KINDS,
  type OccluderKind,
  type PainterOptions,
  type PaintResult,
} from './data/occluders/options.js';
export { KeyedRng as PainterRng, type Rng } from './data/rng.js';
export { resizeArea, resizeImage } from './data/resize.js';
export type { Box, DecodedImage, FaceAttributes, FaceBox, Sample } from './data/sample.js';

// Evaluation
export * from './eval/index.js';
