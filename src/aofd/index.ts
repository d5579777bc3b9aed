/**
 * The library: detecting faces and what covers them, training, data, evaluation. For Node; browser
 * code imports the parts it needs. The framework below is `aofd/nn`.
 */

// Detection
export {
  Detector,
  DEFAULT_SCORE,
  configOf,
  type DetectSettings,
  type Detection,
  type DetectorOptions,
  type DetectorWeights,
} from './infer/detector.js';
export { DetectedFace, type FaceOcclusion, type FaceRecord } from './infer/postprocess.js';
export { inputScale, prepareImage, type PreparedImage } from './infer/preprocess.js';
export {
  annotatedPngAsync,
  detectFilesAsync,
  drawingOf,
  listPictures,
  pngAsync,
  type DetectFilesOptions,
  type FileResult,
  type PictureFile,
} from './infer/detect-files.node.js';
export { defaultWeightsFile, readWeightsAsync } from './infer/detector-weights.node.js';
export { inspectAsync, type Inspection } from './infer/detector-inspect.js';
export { checkModelAsync, formatReport, type ModelCheck } from './infer/detector-check.js';
export {
  decodeRunLength,
  encodeRunLength,
  runLengthArea,
  type BinaryMask,
  type RunLengthMask,
} from './infer/rle.js';
export { drawFaces, type DrawFacesOptions, type FaceDrawing } from './infer/draw-faces.js';
export { encodePng } from './infer/png.node.js';
export type { Raster } from './infer/draw.js';

// Network
export * from './model/index.js';
export * from './config/index.js';
export { loadConfig } from './config/load.node.js';

// Training
export {
  Trainer,
  JsonlWriter,
  TerminalWriter,
  TrainError,
  TrainStep,
  stepSettings,
  type EventWriter,
  type HookContext,
  type TrainEvent,
  type TrainHooks,
  type TrainResult,
  type TrainerOptions,
} from './train/index.node.js';

// Data
export { decodeImage, decodeMaskPng, type DecodeOptions } from './data/decode.node.js';
export { DataError, ImageDecodeError } from './data/errors.js';
export { loadWider } from './data/wider.node.js';
export { loadCoco } from './data/coco.node.js';
export { loadFddb } from './data/fddb.node.js';
export { loadVoc } from './data/voc.node.js';
export { loadOcclusionSeg } from './data/occlusion-seg.node.js';
export { BatchLoader } from './data/pipeline.node.js';
export type { Batch, BatchOptions } from './data/batch.js';
export { DEFAULT_AUGMENT, NO_AUGMENT } from './data/augment.js';
export { paintOccluder, paintOccluders } from './data/occluder-painter.js';
export {
  DEFAULT_PAINTER,
  OCCLUDER_KINDS,
  type OccluderKind,
  type PainterOptions,
  type PaintResult,
} from './data/painter-options.js';
export { CounterRng as PainterRng, type Rng } from './data/rng.js';
export { resizeArea, resizeImage } from './data/resize.js';
export type { Box, DecodedImage, FaceAttributes, FaceBox, Sample } from './data/sample.js';

// Evaluation
export * from './eval/index.js';
