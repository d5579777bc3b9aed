/** Many picture files through one detector: the next is decoded while the device works. */
import { readdirSync, statSync } from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../data/decode.node.js';
import type { DecodedImage } from '../data/sample.js';
import type { DetectSettings, Detection, Detector } from './detector.js';
import { drawFaces, type FaceDrawing } from './draw-faces.js';
import type { DetectedFace } from './postprocess.js';

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

/** What became of one file. */
export type FileResult =
  | { picture: PictureFile; image: DecodedImage; detection: Detection }
  | { picture: PictureFile; error: Error };

/** How files are read. */
export interface DetectFilesOptions extends DetectSettings {
  /** Pictures with more pixels are refused; default 100 million. */
  maxPixels?: number;
  /** Ends after the picture under way. */
  signal?: AbortSignal;
}

/**
 * Detects faces in files, in their order. A picture that cannot be decoded gives an `error` and does
 * not stop the others; a failing device does.
 */
export async function* detectFilesAsync(
  detector: Detector,
  pictures: readonly PictureFile[],
  options: DetectFilesOptions = {},
): AsyncGenerator<FileResult> {
  const { maxPixels, signal, ...settings } = options;
  const decode = (at: number): Promise<DecodedImage | Error> | null => {
    const picture = pictures[at];
    if (!picture) return null;
    return decodeImage(picture.file, {
      autoOrient: true,
      ...(maxPixels === undefined ? {} : { maxPixels }),
    }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  };
  let next = decode(0);
  for (let i = 0; next !== null; i++) {
    if (signal?.aborted) return;
    const picture = pictures[i] as PictureFile;
    const image = await next;
    next = decode(i + 1);
    if (image instanceof Error) yield { picture, error: image };
    else yield { picture, image, detection: await detector.detectAsync(image, settings) };
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
  const raster = { width: image.width, height: image.height, data: image.data.slice() };
  drawFaces(raster, faces.map(drawingOf));
  return pngAsync(raster);
}

/** A picture as a PNG, encoded by sharp: faster than pngjs and off the JavaScript thread. */
export async function pngAsync({ width, height, data }: DecodedImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer();
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
