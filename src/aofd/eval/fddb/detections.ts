/** Detections in FDDB's output format (one file, or one per fold), for rectangles and ellipses. */
import { basename } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { ellipseBounds } from '../../data/sets/fddb.js';
import { parseNumber, readLines } from '../../data/sets/text-file.js';
import { DetectionCollector } from '../detections/collect.js';
import { readDetectionsAsync, sharedFormatOf } from '../detections/readers.js';
import type { Detection, DetectionSet, EvalImage } from '../protocol.js';

/** `left top width height score`, or `major minor angle cx cy score`. */
export type FddbShape = 'rectangle' | 'ellipse';

const COLUMNS: Readonly<Record<FddbShape, { count: number; text: string }>> = {
  rectangle: { count: 5, text: 'left top width height score' },
  ellipse: { count: 6, text: 'major_radius minor_radius angle center_x center_y score' },
};

/** Beyond it a number is no pixel coordinate, and C++ integers overflow. */
const FAR = 2 ** 24;

/**
 * Reads entries `name`, `count`, then `count` lines; LF or CRLF, blank lines between entries and a
 * closing Ctrl-Z do not matter. The shape is told by the number of columns of the first detection
 * unless it is given.
 * @returns the shape, or null when the file has no detection
 * @throws DataError naming file and line
 */
export function readFddbDetections(
  file: string,
  into: DetectionCollector,
  given?: FddbShape,
): FddbShape | null {
  const lines = readLines(file);
  let shape = given ?? null;
  let longer = 0;
  let at = 0;
  while (at < lines.length) {
    const name = lines[at]!.trim();
    if (name === '') {
      at++;
      continue;
    }
    const count = readCount(lines[at + 1], name, `${file}:${at + 2}`);
    const image = into.openImage(name, `${file}:${at + 1}`);
    for (let i = 0; i < count; i++) {
      const where = `${file}:${at + 3 + i}`;
      const cells = (lines[at + 2 + i] ?? '').trim().split(/\s+/);
      shape ??= shapeOf(cells.length);
      const { count: columns } = COLUMNS[shape ?? 'rectangle'];
      // The C++ tool reads the first columns and passes over the rest of the line.
      if (given && cells.length > columns) longer++;
      const isGood =
        shape !== null && (cells.length === columns || (given && cells.length > columns));
      if (!isGood) throw wrongColumns(where, cells, shape, { name, count, line: i + 1 });
      const face = faceOf(cells.slice(0, columns).map(parseNumber), shape!, where);
      // The C++ tool draws a box of negative size between its corners all the same.
      if (image !== null) into.add(image, face, where, { negativeSizes: 'count' });
    }
    at += 2 + count;
  }
  if (longer > 0) {
    into.addWarning(`${file}: ${longer} lines have further columns, passed over as the tool does.`);
  }
  return shape;
}

function readCount(line: string | undefined, name: string, where: string): number {
  const text = (line ?? '').trim();
  if (/^\d+$/.test(text)) return Number(text);
  throw new DataError(
    'list-malformed',
    `expected the number of detections of "${name}", got "${text}".`,
    {
      where,
      fix: 'each entry is: image name, count, then count lines; a line with a blank name is no entry',
    },
  );
}

function shapeOf(columns: number): FddbShape | null {
  return columns === 5 ? 'rectangle' : columns === 6 ? 'ellipse' : null;
}

function wrongColumns(
  where: string,
  cells: readonly string[],
  shape: FddbShape | null,
  entry: { name: string; count: number; line: number },
): DataError {
  const expected = shape ? `"${COLUMNS[shape].text}"` : '5 (rectangle) or 6 (ellipse) numbers';
  return new DataError(
    'list-malformed',
    `expected ${expected} as detection ${entry.line} of the ${entry.count} that "${entry.name}" ` +
      `announces, got "${cells.join(' ')}".`,
    {
      where,
      fix: 'write as many lines as the count says, all of one shape; --shape tells it where lines go on',
    },
  );
}

function faceOf(values: readonly number[], shape: FddbShape, where: string): Detection {
  const { text } = COLUMNS[shape];
  const isGood = values.every((v) => Number.isFinite(v)) && values.slice(0, -1).every(isNear);
  if (!isGood) {
    throw new DataError(
      'list-malformed',
      `expected finite numbers "${text}" within pictures, got ${values.join(' ')}.`,
      {
        where,
        fix: 'correct or remove this detection; a detector that gives NaN has failed on this picture',
      },
    );
  }
  const score = values.at(-1)!;
  if (shape === 'rectangle') {
    const [left, top, width, height] = values as [number, number, number, number];
    return { box: [left, top, left + width, top + height], score };
  }
  const ellipse = values.slice(0, 5) as [number, number, number, number, number];
  const [majorRadius, minorRadius, angle, centerX, centerY] = ellipse;
  if (!(majorRadius >= 0 && minorRadius >= 0)) {
    throw new DataError(
      'box-invalid',
      `the ellipse has a negative radius (${majorRadius} ${minorRadius}).`,
      { where, fix: `check the order of the columns: ${text}` },
    );
  }
  const [x, y, w, h] = ellipseBounds({ majorRadius, minorRadius, angle, centerX, centerY });
  return { box: [x, y, x + w, y + h], score, ellipse };
}

const isNear = (value: number): boolean => Math.abs(value) < FAR;

/** Fold output files together, or files of the shared formats together. */
export async function readFddbFilesAsync(
  files: readonly string[],
  images: readonly EvalImage[],
  name: string,
  shape: FddbShape | undefined,
): Promise<DetectionSet> {
  const shared = files.filter((file) => sharedFormatOf(file) !== null);
  if (shared.length === files.length && files.length > 0) {
    return readDetectionsAsync(files, images, name);
  }
  if (shared.length > 0) {
    throw new DataError(
      'option-invalid',
      'this file is of another format than the other detection files.',
      {
        where: shared[0]!,
        fix: 'give FDDB output files alone, or files of the other formats alone',
      },
    );
  }
  const collector = new DetectionCollector(images);
  for (const file of files) {
    const before = collector.count;
    const kind = readFddbDetections(file, collector, shape);
    collector.addFact(
      'detections',
      `${basename(file)} (FDDB output, ${kind ?? 'no'} shapes, ${collector.count - before} ` +
        `detections, SHA-256 ${await sha256FileAsync(file)})`,
    );
  }
  return collector.finish(name);
}
