/**
 * The photographs of a study's figures: from the study's data, or from an installed npm package, so that a
 * figure can be made and shown to others without data of one's own; as they are, or with cover painted over
 * their faces.
 */
import { resolveInstalled } from '../../nn/platform/node/packages.js';
import type { DrawnKind } from '../config/occluder-kinds.js';
import { decodeImage } from '../data/files/decode.js';
import { paintOccluder } from '../data/occluders/painter.js';
import { KeyedRng } from '../data/rng.js';
import type { Box, DecodedImage } from '../data/sample.js';
import { DataError } from '../errors.js';
import { hashOfFile, type FileHashes } from './file-hashes.js';
import { keyOf } from './keys.js';
import { studyPath } from './load.js';
import type { PictureFigure } from './schema.js';

/** A picture of a figure. */
export interface FigurePicture {
  file: string;
  /** True faces, where they are given: x1, y1, x2, y2. */
  faces: readonly Readonly<Box>[] | null;
  /** What is painted over each of them (null: nothing); null: the picture stays as it is. */
  cover: readonly (DrawnKind | null)[] | null;
}

/** A file of a package: `npm:NAME/PATH`. */
const PACKAGE = 'npm:';

/** Whether a picture comes from a package, so that no data folder needs to hold it. */
export const isOfPackage = (file: string): boolean => file.startsWith(PACKAGE);

/**
 * The pictures of a figure with their paths.
 * @throws DataError for one of a package that is not installed
 */
export function picturesOf(root: string, { name, pictures }: PictureFigure): FigurePicture[] {
  const pathOf = (file: string): string =>
    isOfPackage(file) ? packageFile(file.slice(PACKAGE.length), name) : studyPath(root, file);
  return pictures.map((entry) =>
    typeof entry === 'string'
      ? { file: pathOf(entry), faces: null, cover: null }
      : { file: pathOf(entry.file), faces: entry.faces ?? null, cover: entry.cover ?? null },
  );
}

function packageFile(path: string, figure: string): string {
  try {
    return resolveInstalled(path);
  } catch (cause) {
    const parts = path.split('/').slice(0, path.startsWith('@') ? 2 : 1);
    throw new DataError('file-missing', `no installed package gives this file (${figure}).`, {
      where: path,
      fix: `run npm install ${parts.join('/')}, or correct the path in the study file; a file that the package does not export needs a copy of its own`,
      cause,
    });
  }
}

/**
 * What the pictures of a figure are: their bytes, faces and cover.
 * @throws DataError for one that is missing
 */
export function hashPictures(root: string, figure: PictureFigure, files: FileHashes): string {
  return keyOf(
    picturesOf(root, figure).map(({ file, faces, cover }) => [
      hashOfFile(files, file, figure.name),
      faces,
      ...(cover ? [cover] : []),
    ]),
  );
}

/** Decodes a picture upright and paints its cover: the same pixels every time. */
export async function figurePictureAsync(picture: FigurePicture): Promise<DecodedImage> {
  const image = await decodeImage(picture.file, { autoOrient: true });
  const { cover, faces } = picture;
  if (!cover || !faces) return image;
  const mask = new Uint8Array(image.width * image.height);
  cover.forEach((kind, f) => {
    const box = faces[f];
    if (kind === null || !box) return;
    const face = { box: [...box] as Box, ignore: false, invalid: false };
    paintOccluder({ image, mask }, face, kind, new KeyedRng(0, f));
  });
  return image;
}
