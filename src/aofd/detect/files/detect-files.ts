/** Many picture files through one detector: others are decoded and drawn while the device works. */
import { readdirSync, statSync } from 'node:fs';
import * as path from 'node:path';
import type { DecodedImage } from '../../data/sample.js';
import type { Detection, Detector } from '../detector.js';
import type { FaceDrawing } from '../drawing/draw-faces.js';
import type { DetectedFace } from '../faces.js';
import { annotateAsync, type ReadPicture } from './picture-jobs.js';
import { PicturePool, threadsFor } from './picture-pool.js';
import type { DetectSettings } from '../settings.js';

export { pngAsync } from './picture-jobs.js';

/** Endings of files that are taken from folders. Files named one by one may have any. */
export const PICTURE_ENDINGS = ['.jpg', '.jpeg', '.jpe', '.png', '.webp', '.avif', '.tif', '.tiff'];

/** A picture on the disk. */
export interface PictureFile {
  /** Path as given, or found below the folder given. */
  file: string;
  /** Path for outputs: relative to the folder given, or the file's own name. */
  name: string;
}

/**
 * Pictures of a list of files and folders, folders recursed and sorted by name; each file once.
 * Files are not looked at: what is missing is reported when it is decoded.
 * @param skip folders that are left out, such as the one that outputs go to
 */
export function listPictures(
  paths: readonly string[],
  skip: readonly string[] = [],
): PictureFile[] {
  const seen = new Set<string>();
  const found: PictureFile[] = [];
  const left = new Set(skip.map((folder) => path.resolve(folder)));
  const add = (file: string, name: string): void => {
    const key = path.resolve(file);
    if (seen.has(key)) return;
    seen.add(key);
    found.push({ file, name });
  };
  const walk = (folder: string, root: string): void => {
    if (left.has(path.resolve(folder))) return;
    const entries = readdirSync(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const entry of entries) {
      const file = path.join(folder, entry.name);
      // Links to folders are not followed: they may form a ring.
      if (entry.isDirectory()) walk(file, root);
      else if (PICTURE_ENDINGS.includes(path.extname(entry.name).toLowerCase())) {
        add(file, path.relative(root, file));
      }
    }
  };
  for (const given of paths) {
    if (statSync(given, { throwIfNoEntry: false })?.isDirectory()) walk(given, given);
    else add(given, path.basename(given));
  }
  return found;
}

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
 * decoded gives an `error` and does not stop the others; a failing device does.
 */
export async function* detectFilesAsync(
  detector: Detector,
  pictures: readonly PictureFile[],
  options: DetectFilesOptions = {},
): AsyncGenerator<FileResult> {
  const { maxPixels, annotate = false, signal, threads, ...settings } = options;
  const count = threads ?? threadsFor(pictures.length);
  const pool = new PicturePool(count, (name, start, end) => {
    detector.device.context.observer?.span('task', name, start, end);
  });
  const running: Promise<FileResult>[] = [];
  /** Each resolves when a detection is over, whatever came of it. */
  const detections: Promise<unknown>[] = [];

  const oneAsync = async (picture: PictureFile): Promise<FileResult> => {
    const at = detections.length;
    const reading = pool.readAsync({
      file: picture.file,
      ...(maxPixels === undefined ? {} : { maxPixels }),
      input: detector.config.input,
      passes: detector.passes(settings),
    });
    const detecting = Promise.all([reading, detections[at - onDevice]]).then(([read]) =>
      detector.detectPreparedAsync(read.prepared, settings),
    );
    detections.push(detecting.catch(() => undefined));
    let read: ReadPicture;
    try {
      read = await reading;
    } catch (error) {
      await detecting.catch(() => undefined);
      return { picture, error: error instanceof Error ? error : new Error(String(error)) };
    }
    const { image } = read;
    const detection = await detecting;
    if (!annotate) return { picture, image, detection };
    const png = await pool.annotateAsync({ image, faces: detection.faces.map(drawingOf) });
    return { picture, image, detection, png };
  };

  try {
    for (let next = 0; next < pictures.length || running.length > 0;) {
      while (next < pictures.length && running.length < count + 3 && !signal?.aborted) {
        const result = oneAsync(pictures[next++] as PictureFile);
        result.catch(() => undefined); // thrown where it is awaited
        running.push(result);
      }
      const result = running.shift();
      if (!result) return; // interrupted
      yield await result;
    }
  } finally {
    await Promise.all(detections);
    await pool.closeAsync();
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
