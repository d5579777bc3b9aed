/**
 * Results on MAFA, which has no format of its own. Taken are csv and the JSON formats of all
 * protocols, lines `image x1 y1 x2 y2 score` (corners in continuous pixels), and folders with one
 * `x y w h score` file per image as for WIDER FACE.
 */
import { basename } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { parseNumber, readLines } from '../../data/sets/text-file.js';
import { isFolder } from '../detections/find-file.js';
import type { DetectionSet, EvalImage } from '../protocol.js';
import { DetectionCollector } from '../detections/collect.js';
import { sharedFormatOf } from '../detections/readers.js';
import { readFilesOrFoldersAsync } from '../detections/per-image-files.js';

/**
 * Reads result files; all of one kind.
 * @throws DataError naming file and line of what is wrong
 */
export async function readMafaDetectionsAsync(
  files: readonly string[],
  images: readonly EvalImage[],
  name: string,
): Promise<DetectionSet> {
  const isPlain = files.map((file) => !isFolder(file) && sharedFormatOf(file) === null);
  if (!isPlain.includes(true)) return readFilesOrFoldersAsync(files, images, name);
  const other = files[isPlain.indexOf(false)];
  if (other !== undefined) {
    throw new DataError(
      'option-invalid',
      'lines "image x1 y1 x2 y2 score" and other formats cannot be mixed.',
      { where: other, fix: 'give all results in one format' },
    );
  }
  const into = new DetectionCollector(images);
  for (const file of files) {
    const before = into.count;
    into.openFile(file);
    readLines(file).forEach((line, i) => {
      if (line.trim() !== '') readRow(line, `${file}:${i + 1}`, into);
    });
    into.addFact(
      'detections',
      `${basename(file)} (lines "image x1 y1 x2 y2 score", ${into.count - before} boxes, ` +
        `SHA-256 ${await sha256FileAsync(file)})`,
    );
  }
  return into.finish(name);
}

function readRow(line: string, where: string, into: DetectionCollector): void {
  const fields = line.trim().split(/\s+/);
  const numbers = fields.slice(1).map(parseNumber);
  if (fields.length !== 6) {
    throw new DataError(
      'list-malformed',
      `expected "image x1 y1 x2 y2 score", got "${line.slice(0, 80)}".`,
      {
        where,
        fix: 'six values separated by spaces; or give a csv with the header image,x1,y1,x2,y2,score',
      },
    );
  }
  const [x1, y1, x2, y2, score] = numbers as [number, number, number, number, number];
  const image = into.resolve(fields[0]!, where);
  if (image !== null) into.add(image, { box: [x1, y1, x2, y2], score }, where);
}
