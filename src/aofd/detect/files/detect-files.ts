/** Many picture files through one detector: others are decoded and drawn while the device works. */
import type { DecodedImage } from '../../data/sample.js';
import type { Detection, Detector } from '../detector.js';
import type { FaceDrawing } from '../drawing/draw-faces.js';
import type { DetectedFace } from '../faces.js';
import type { PictureFile } from './list-pictures.js';
import { isTooMuch } from '../too-much.js';
import { annotateAsync } from './picture-jobs.js';
import { PicturePool, threadsFor } from './picture-pool.js';
import type { DetectSettings } from '../settings.js';

export { pngAsync } from './picture-jobs.js';
export {
  describePassedOver,
  listPictures,
  surveyPictures,
  type PictureFile,
  type PictureSurvey,
} from './list-pictures.js';

/** What became of one file. `png`: with the faces drawn on, where that was asked for. */
export type FileResult =
  | { picture: PictureFile; image: DecodedImage; detection: Detection; png?: Uint8Array }
  | { picture: PictureFile; error: Error };

/** How files are read. */
export interface DetectFilesOptions extends DetectSettings {
  /** Pictures with more pixels are refused; default 100 million. */
  maxPixels?: number;
  /** Draws the faces too, in other threads (default false). */
  annotate?: boolean;
  /** Threads for decoding and drawing; default by the number of pictures and cores. */
  threads?: number;
  /** Ends after the pictures under way. */
  signal?: AbortSignal;
}

/** Pictures that the device works on at a time: the next is there when one waits for the host. */
const onDevice = 2;

/**
 * Detects faces in files; results come in the order of the files. Other threads decode the next
 * pictures and draw the last ones meanwhile, and the device gets a picture while the host chooses
 * proposals of the one before. At most `threads` + 3 pictures are in memory. A picture that cannot be
 * decoded or drawn, or for which memory does not suffice, gives an `error` and does not stop the others; a
 * failing device does.
 */
export async function* detectFilesAsync(
  detector: Detector,
  pictures: readonly PictureFile[],
  options: DetectFilesOptions = {},
): AsyncGenerator<FileResult> {
  const { signal, threads } = options;
  const count = threads ?? threadsFor(pictures.length);
  const pool = new PicturePool(count, (name, start, end) => {
    detector.device.context.observer?.span('task', name, start, end);
  });
  const run: FilesRun = { detector, pool, options, detections: [] };
  const running: Promise<FileResult>[] = [];
  try {
    for (let next = 0; next < pictures.length || running.length > 0;) {
      while (next < pictures.length && running.length < count + 3 && !signal?.aborted) {
        const result = detectFileAsync(run, pictures[next++] as PictureFile);
        result.catch(() => undefined); // thrown where it is awaited
        running.push(result);
      }
      const result = running.shift();
      if (!result) return; // interrupted
      yield await result;
    }
  } finally {
    await Promise.all(run.detections);
    await pool.closeAsync();
  }
}

/** What the pictures of a run share. */
interface FilesRun {
  detector: Detector;
  pool: PicturePool;
  options: DetectFilesOptions;
  /** Each resolves when a detection is over, whatever came of it. */
  detections: Promise<void>[];
}

/** One picture from the disk to its faces. Rejects with what says something about other pictures too. */
async function detectFileAsync(run: FilesRun, picture: PictureFile): Promise<FileResult> {
  const { detector, pool, detections } = run;
  const { maxPixels, annotate = false, signal: _, threads: __, ...settings } = run.options;
  const failure = (error: unknown): FileResult => ({
    picture,
    error: error instanceof Error ? error : new Error(String(error)),
  });
  const reading = pool.readAsync({
    file: picture.file,
    ...(maxPixels === undefined ? {} : { maxPixels }),
    input: detector.config.input,
    passes: detector.passes(settings),
  });
  const detecting = Promise.all([reading, detections.at(-onDevice)]).then(([read]) =>
    detector.detectPreparedAsync({ ...read.prepared, image: read.image }, settings),
  );
  // Without its value: results are not kept until the end of the run.
  const over = (): void => undefined;
  detections.push(detecting.then(over, over));
  let image: DecodedImage;
  try {
    ({ image } = await reading);
  } catch (error) {
    await detecting.catch(() => undefined);
    return failure(error);
  }
  try {
    const detection = await detecting;
    if (!annotate) return { picture, image, detection };
    const faces = detection.faces.map(drawingOf);
    const png = await pool.annotateAsync({ image, faces }).catch(failure);
    return png instanceof Uint8Array ? { picture, image, detection, png } : png;
  } catch (error) {
    // A picture too large for the device says nothing about the next one.
    if (isTooMuch(error)) return failure(error);
    throw error;
  }
}

/**
 * The picture with its faces drawn on, as a PNG; encoded off the JavaScript thread.
 * The image itself is not changed.
 */
export async function annotatedPngAsync(
  image: DecodedImage,
  faces: readonly DetectedFace[],
): Promise<Uint8Array> {
  return annotateAsync({ image, faces: faces.map(drawingOf) });
}

/** A detected face as `drawFaces` wants it. */
export function drawingOf(face: DetectedFace): FaceDrawing {
  const { box, score, occlusion } = face;
  return {
    box,
    score,
    ...(occlusion ? { coveredRatio: occlusion.ratio, mask: occlusion.mask } : {}),
  };
}
