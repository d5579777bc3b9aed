/** What an FDDB evaluation needs of the data set: lists of names, ellipses and picture sizes. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors.js';
import { readEllipses } from '../../data/sets/fddb.js';
import { pathInside } from '../../data/sets/inside.js';
import { readImageSize } from '../../data/sets/image-size.js';
import { parseNumber, readJson, readLines } from '../../data/sets/text-file.js';
import { checkJson, finite, jsonPlace } from '../detections/json.js';
import type { FddbImage } from './set.js';

/** The benchmark as it was found. */
export interface FddbData {
  images: FddbImage[];
  /** Files that hold names and annotations, for hashes. */
  labelFiles: string[];
  /** Where sizes came from, in words. */
  sizeSources: string[];
  /** Folder of published ROC files, or null. */
  curvesFolder: string | null;
}

export interface FddbPlaces {
  /** The FDDB folder, or an ellipse list. */
  data: string;
  /** Other annotations. */
  annotations?: string | undefined;
  imageRoot?: string | undefined;
  sizes?: string | undefined;
}

const FOLDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

/** Finds and reads everything but the pictures. @throws DataError saying what was looked for */
export function loadFddbData(places: FddbPlaces): FddbData {
  if (!existsSync(places.data)) {
    throw new DataError('file-missing', 'neither a folder nor a file.', {
      where: places.data,
      fix: 'give the FDDB folder (with FDDB-folds/ and originalPics/ or images/) or an ellipse list',
    });
  }
  const isList = statSync(places.data).isFile();
  const root = isList ? dirname(places.data) : places.data;
  const lists: readonly FoldList[] = isList
    ? [{ fold: 0, names: null, ellipses: places.data }]
    : foldLists(root);
  const labelFiles = places.annotations ? [places.annotations] : lists.map((l) => l.ellipses);
  const replaced = places.annotations ? readEllipses(places.annotations) : null;
  const sizeOf = sizeReader(root, places.sizes);
  const imageRoot = places.imageRoot ?? findImageRoot(root);
  const images: FddbImage[] = [];
  const seen = new Set<string>();
  for (const list of lists) {
    const own = replaced && list.names !== null ? null : readEllipses(list.ellipses);
    const names = list.names !== null ? readNames(list.names) : [...(own?.keys() ?? [])];
    for (const name of names) {
      const found = (replaced ?? own)?.get(name);
      if (!found) throw missingEntry(name, places.annotations ?? list.ellipses);
      if (seen.has(name)) {
        const where = list.names ?? list.ellipses;
        throw new DataError('list-malformed', `"${name}" is listed twice.`, {
          where,
          fix: 'list it once',
        });
      }
      seen.add(name);
      const picture = pathInside(imageRoot, `${name}.jpg`, list.names ?? list.ellipses);
      const file = existsSync(picture) ? picture : null;
      const ellipses = found.map((face) => face.ellipse);
      images.push({ name, fold: list.fold, ellipses, file, size: sizeOf(name, file) });
    }
  }
  const curvesFolder =
    [join(root, 'rocCurves'), join(root, 'compareROC', 'rocCurves')].find(existsSync) ?? null;
  return { images, labelFiles, sizeSources: sizeOf.sources(), curvesFolder };
}

/** Files of one fold; without a list of names the ellipse list gives them. */
interface FoldList {
  fold: number;
  names: string | null;
  ellipses: string;
}

function foldLists(root: string): FoldList[] {
  const folder = [join(root, 'FDDB-folds'), root].find((at) =>
    existsSync(join(at, 'FDDB-fold-01.txt')),
  );
  if (folder === undefined) {
    throw new DataError('file-missing', 'no FDDB-fold-01.txt in it or in its FDDB-folds/.', {
      where: root,
      fix: 'give the folder with FDDB-folds/, or the ellipse list itself as a file',
    });
  }
  return FOLDS.map((fold) => {
    const stem = join(folder, `FDDB-fold-${String(fold).padStart(2, '0')}`);
    return { fold, names: `${stem}.txt`, ellipses: `${stem}-ellipseList.txt` };
  });
}

function readNames(file: string): string[] {
  return readLines(file)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function missingEntry(name: string, file: string): DataError {
  return new DataError('list-malformed', `no entry for "${name}", which the image lists have.`, {
    where: file,
    fix: 'use an ellipse list of the same images',
  });
}

function findImageRoot(root: string): string {
  const folders = [join(root, 'originalPics'), join(root, 'images')];
  return folders.find(existsSync) ?? root;
}

interface SizeReader {
  (name: string, file: string | null): FddbImage['size'];
  sources(): string[];
}

/** Sizes from the given file, else images.tsv of the folder, else the picture's header. */
function sizeReader(root: string, sizes: string | undefined): SizeReader {
  const table = join(root, 'images.tsv');
  const lists = [...(sizes ? [sizes] : []), ...(existsSync(table) ? [table] : [])].map((file) => ({
    file,
    known: readSizes(file),
    used: 0,
  }));
  let headers = 0;
  const read = (name: string, file: string | null): FddbImage['size'] => {
    for (const list of lists) {
      const size = list.known.get(name);
      if (!size) continue;
      list.used++;
      return size;
    }
    if (file === null) return null;
    headers++;
    return readImageSize(file);
  };
  return Object.assign(read, {
    sources: () => [
      ...lists.filter((l) => l.used > 0).map((l) => `${l.used} from ${basename(l.file)}`),
      ...(headers > 0 ? [`${headers} from the pictures`] : []),
    ],
  });
}

/** Further numbers, such as that of channels, do not matter. */
const heightWidth = z.tuple([finite, finite], z.unknown(), 'height and width');

/**
 * Picture sizes: JSON `{"name": [height, width]}`, or lines `name width height` parted by tabs or
 * blanks, of which a first line that starts with "name" is a header.
 */
function readSizes(file: string): Map<string, { width: number; height: number }> {
  const sizes = new Map<string, { width: number; height: number }>();
  const add = (name: string, width: number, height: number, where: string): void => {
    if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
      throw new DataError(
        'list-malformed',
        `expected width and height of "${name}" in pixels, got ${width} and ${height}.`,
        { where, fix: 'write JSON {"name": [height, width]} or lines "name width height"' },
      );
    }
    sizes.set(name, { width, height });
  };
  if (file.toLowerCase().endsWith('.json')) {
    const root = readJson(file);
    checkJson(z.object({}, 'an object {name: [height, width]}'), root, file);
    for (const [name, value] of Object.entries(root as object)) {
      const [height, width] = checkJson(heightWidth, value, file, [name]);
      add(name, width, height, jsonPlace(file, [name]));
    }
    return sizes;
  }
  readLines(file).forEach((line, i) => {
    const [name = '', width, height] = line.trim().split(/\s+/);
    if (name === '' || (i === 0 && name === 'name')) return;
    add(name, parseNumber(width), parseNumber(height), `${file}:${i + 1}`);
  });
  return sizes;
}
