/**
 * The library: detecting faces and what covers them, training, data, evaluation. For Node; in browsers
 * it is `aofd/browser`. The framework below is `aofd/nn`.
 */
import './node.js';

// Errors: all are NnError of `aofd/nn`, with code, reason, fix, where and detail
export { ConfigError, DataError, ImageDecodeError, TrainError } from './errors.js';

// Detection: pictures in, faces out
export { Detector, type Detection, type DetectorOptions } from './detect/detector.js';
export type { PictureSource, PixelSource } from './detect/picture-source.js';
export { DEFAULT_SCORE, type DetectSettings } from './detect/settings.js';
export { DetectedFace, type FaceRecord } from './detect/faces.js';
export type { FaceOcclusion } from './detect/occluders.js';
export {
  decodeRunLength,
  encodeRunLength,
  runLengthArea,
  type BinaryMask,
  type RunLengthMask,
} from './detect/rle.js';
export {
  inputScale,
  preparePass,
  preparePicture,
  type Pass,
  type PreparedPass,
  type PreparedPicture,
} from './detect/prepare.js';

// Detection in files, and pictures with the faces drawn on
export {
  annotatedPngAsync,
  detectFilesAsync,
  drawingOf,
  listPictures,
  pngAsync,
  surveyPictures,
  type DetectFilesOptions,
  type FileResult,
  type PictureFile,
  type PictureSurvey,
} from './detect/files/detect-files.js';
export { decodeImage, decodeMaskPng, type DecodeOptions } from './data/files/decode.js';
export { drawFaces, type DrawFacesOptions, type FaceDrawing } from './detect/drawing/draw-faces.js';
export { encodePng } from './detect/files/png.js';
export type { Raster } from './detect/drawing/draw.js';

// A look inside the network
export { inspectAsync, type Inspection } from './detect/inspect/inspect.js';
export { checkModelAsync, formatReport, type ModelCheck } from './detect/inspect/check-model.js';

// Network, weights and configuration
export type { Network } from './detect/network.js';
export * from './model/index.js';
export { configOf, untrainedWeights, type DetectorWeights } from './weights/detector-weights.js';
export { defaultWeightsFile, readWeightsAsync } from './weights/files/detector-weights.js';
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

// Data: sets, batches, painted occluders
export { loadWider } from './data/sets/wider.js';
export { loadCoco } from './data/sets/coco.js';
export { loadFddb } from './data/sets/fddb.js';
export { loadVoc } from './data/sets/voc.js';
export { loadOcclusionSeg } from './data/sets/occlusion-seg.js';
export { BatchLoader } from './data/batches/pipeline.js';
export type { Batch, BatchOptions } from './data/batches/batch.js';
export { paintOccluder, paintOccluders } from './data/occluders/painter.js';
export type { PainterOptions, PaintResult } from './data/occluders/options.js';
export { KeyedRng as PainterRng, type Rng } from './data/rng.js';
export { resizeArea, resizeImage } from './data/resize.js';
export type { Box, DecodedImage, FaceAttributes, FaceBox, Sample } from './data/sample.js';

// Evaluation
export * from './eval/index.js';
