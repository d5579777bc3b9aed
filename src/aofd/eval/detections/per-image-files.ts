/**
 * Results in the format of WIDER FACE's tools: a folder with a file for each image, such as
 * `<event>/<image>.txt`, each holding a name, a count and lines `x y w h score`.
 */
import { join, relative } from 'node:path';
import { sha256Hex } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { filesBelow } from '../../data/files/folder-files.js';
import { parseNumber, readLines } from '../../data/sets/text-file.js';
import { DetectionCollector } from './collect.js';
import { readDetectionsAsync } from './readers.js';
import { isFolder } from './find-file.js';
import type { DetectionSet, EvalImage } from '../protocol.js';

/**
 * Reads a folder of per-image files, or result files of the shared formats.
 * @throws DataError naming file and line of what is wrong
 */
export async function readFilesOrFoldersAsync(
  paths: readonly string[],
  images: readonly EvalImage[],
  name: string,
): Promise<DetectionSet> {
  const folders = paths.filter(isFolder);
  if (folders.length === 0) return readDetectionsAsync(paths, images, name);
  const other = paths.find((path) => !isFolder(path));
  if (other !== undefined) {
    throw new DataError(
      'option-invalid',
      'result files and folders of per-image files cannot be mixed.',
      { where: other, fix: 'give folders only, or files only' },
    );
  }
  const into = new DetectionCollector(images, 'predictions');
  for (const folder of folders) readFolder(folder, into);
  return into.finish(name);
}

function readFolder(folder: string, into: DetectionCollector): void {
  const files = textFiles(folder);
  if (files.length === 0) {
    throw new DataError('file-missing', 'no .txt file in this folder or below.', {
      where: folder,
      fix: 'give the folder that holds one folder per event with one .txt per image',
    });
  }
  const before = into.count;
  const hashes: string[] = [];
  let misnamed = 0;
  let firstMisnamed = '';
  for (const file of files) {
    const lines = readLines(file);
    const path = relative(folder, file).replaceAll('\\', '/');
    hashes.push(`${path} ${sha256Hex(lines.join('\n'))}\n`);
    const image = into.openImage(path.replace(/\.txt$/i, ''), `${file}:1`);
    if (image === null) continue;
    if (stem(lines[0] ?? '') !== stem(image) && misnamed++ === 0) firstMisnamed = `${file}:1`;
    readImage(file, lines, image, into);
  }
  if (misnamed > 0) {
    into.addWarning(
      `${misnamed} prediction files name another image in their first line than by their file ` +
        `name (first: ${firstMisnamed}); the file name counts, as in the official tool.`,
    );
  }
  into.addFact(
    'detections',
    `folder of ${files.length} per-image files, ${into.count - before} boxes, ` +
      `SHA-256 of their list of hashes ${sha256Hex(hashes.join(''))}`,
  );
}

/** File name without folders and a picture's or the text's extension. */
const stem = (name: string): string =>
  name
    .trim()
    .replace(/^.*[\\/]/, '')
    .replace(/\.(txt|jpe?g|png)$/i, '');

function textFiles(folder: string): string[] {
  return filesBelow(folder, 'result')
    .filter((name) => /\.txt$/i.test(name))
    .map((name) => join(folder, name));
}

function readImage(
  file: string,
  lines: readonly string[],
  image: string,
  into: DetectionCollector,
): void {
  const countText = (lines[1] ?? '').trim();
  if (!/^\d+$/.test(countText)) {
    throw new DataError(
      'list-malformed',
      `expected the number of predictions, got "${countText}".`,
      { where: `${file}:2`, fix: 'each file is: image name, count, then lines "x y w h score"' },
    );
  }
  const count = Number(countText);
  let rows = lines.length - 2;
  while (rows > 0 && lines[rows + 1]!.trim() === '') rows--;
  if (rows !== count) {
    throw new DataError(
      'list-malformed',
      `the file announces ${count} predictions but has ${rows} lines of them.`,
      { where: `${file}:2`, fix: 'correct the count, or write the file again' },
    );
  }
  for (let i = 0; i < count; i++) {
    const where = `${file}:${i + 3}`;
    const fields = lines[i + 2]!.trim().split(/\s+/);
    const [x, y, w, h, score] = fields.map(parseNumber) as [number, number, number, number, number];
    if (fields.length !== 5) {
      throw new DataError('list-malformed', `expected "x y w h score", got "${lines[i + 2]}".`, {
        where,
        fix: 'five numbers, separated by spaces',
      });
    }
    // The official tools take any size; some annotated faces of WIDER FACE have a negative one.
    into.add(image, { box: [x, y, x + w, y + h], score }, where, { negativeSizes: 'count' });
  }
}
