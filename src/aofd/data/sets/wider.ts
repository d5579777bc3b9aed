/**
 * WIDER FACE text lists (`wider_face_*_bbx_gt.txt`): image path, count, then one line per face
 * `x y w h blur expression illumination invalid occlusion pose` (docs/spec.md 6.3).
 */
import { DataError } from '../../errors.js';
import { countedEntries } from './counted-list.js';
import { pathInside } from './inside.js';
import { readSizeLeniently } from './image-size.js';
import {
  checkedBox,
  newLoadReport,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { parseNumber } from './text-file.js';

export interface WiderOptions {
  /** Folder that the list's image paths are relative to. */
  imageRoot: string;
  /** Data set name of the samples. Default 'wider'. */
  source?: string;
  /** Read each picture's size to clip boxes (fails on a missing picture). Default true. */
  readSizes?: boolean;
  /** Faces whose shorter side is below this become `ignore`, px. Default 0. */
  ignoreBelowPx?: number;
  /** Pictures that cannot be read get no size instead of being an error: the caller sees to them. */
  isLenient?: boolean;
  report?: LoadReport;
}

const ENTRY_FORM = 'image path, count, then count lines of x y w h ...';
/** An entry with count 0 is still followed by one line of numbers (docs/spec.md 6.3). */
const NO_FACE = /^\s*[-\d.]+(\s+[-\d.]+){3,}\s*$/;

/** Loads a list. Throws DataError naming file and line on anything malformed. */
export function loadWider(listFile: string, options: WiderOptions): Sample[] {
  const { source = 'wider', readSizes = true, ignoreBelowPx = 0 } = options;
  const report = options.report ?? newLoadReport();
  const samples: Sample[] = [];
  for (const entry of countedEntries(listFile, ENTRY_FORM, NO_FACE)) {
    const file = pathInside(options.imageRoot, entry.name, entry.where);
    const size = readSizes ? readSizeLeniently(file, options.isLenient) : undefined;
    const faces: FaceBox[] = [];
    for (let i = 0; i < entry.count; i++) {
      const { text, where } = entry.row(i);
      const face = parseFace(text, where, size, report);
      if (!face) continue;
      const [x1, y1, x2, y2] = face.box;
      if (Math.min(x2 - x1, y2 - y1) + 1 < ignoreBelowPx) face.ignore = true;
      faces.push(face);
    }
    report.images++;
    report.faces += faces.length;
    samples.push({ id: entry.name, file, ...size, faces, source });
  }
  return samples;
}

function parseFace(
  line: string | undefined,
  where: string,
  size: { width: number; height: number } | undefined,
  report: LoadReport,
): FaceBox | null {
  const fields = (line ?? '').trim().split(/\s+/);
  if (fields.length < 4 || fields[0] === '') {
    throw new DataError(
      'list-malformed',
      `expected a face line "x y w h [6 attributes]", got "${line ?? 'end of file'}".`,
      { where, fix: 'check that the count above matches the number of face lines' },
    );
  }
  const values = fields.map(parseNumber);
  const box = checkedBox(values, size, where, report);
  if (!box) return null;
  const [blur, expression, illumination, invalid, occlusion, pose] = values.slice(4);
  const face: FaceBox = { box, ignore: invalid === 1, invalid: invalid === 1 };
  if (values.length >= 10) face.attributes = { blur, expression, illumination, occlusion, pose };
  return face;
}
