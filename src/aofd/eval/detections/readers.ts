/**
 * Result files of any detector in the formats that all protocols share: csv, COCO results, documents
 * of `aofd detect`, and JSON lists of faces per image. Formats of one benchmark alone are read by its
 * protocol.
 */
import { basename } from 'node:path';
import { sha256FileAsync } from '../../../nn/io/files/index.js';
import { DataError } from '../../errors.js';
import { readText } from '../../data/sets/text-file.js';
import { DetectionCollector } from './collect.js';
import { parseJson } from './json.js';
import type { DetectionSet, EvalImage } from '../protocol.js';
import { isCsvHeader, readCsvDetections } from './read-csv.js';
import {
  formatOfJson,
  readCocoResults,
  readDetectJson,
  readPeerJson,
  type JsonFormat,
} from './read-json.js';

export interface ReadOptions {
  /** Image names by COCO id, for COCO results. */
  imageIds?: ReadonlyMap<number, string>;
}

/** The shared formats, as people call them. */
export type SharedFormat = 'csv' | JsonFormat;

/** The shared format of a file by its content, or null. */
export function sharedFormatOf(file: string): SharedFormat | null {
  const text = readText(file);
  return /^\s*[[{]/.test(text) ? formatOfJson(parseJson(file, text)) : formatOfText(text);
}

/**
 * Reads result files; each is told by its content, and together they must give an image once.
 * @param name how reports call the detector
 * @throws DataError naming file and line, or JSON path, of what is wrong
 */
export async function readDetectionsAsync(
  files: readonly string[],
  images: readonly EvalImage[],
  name: string,
  options: ReadOptions = {},
): Promise<DetectionSet> {
  const collector = new DetectionCollector(images);
  for (const file of files) {
    const hash = await sha256FileAsync(file).catch(() => null); // readText says what is wrong
    const before = collector.count;
    const format = readFile(file, collector, options);
    const boxes = collector.count - before;
    collector.addFact(
      'detections',
      `${basename(file)} (${format}, ${boxes} boxes, SHA-256 ${hash})`,
    );
  }
  return collector.finish(name);
}

function readFile(file: string, into: DetectionCollector, options: ReadOptions): SharedFormat {
  into.openFile(file);
  const text = readText(file);
  let format: SharedFormat | null;
  if (/^\s*[[{]/.test(text)) {
    const root = parseJson(file, text);
    const document = { file, root };
    format = formatOfJson(root);
    if (format === 'COCO results') readCocoResults(document, into, options.imageIds);
    else if (format === 'aofd detect document') readDetectJson(document, into);
    else if (format === 'JSON faces per image') readPeerJson(document, into);
  } else {
    format = formatOfText(text);
    if (format === 'csv') readCsvDetections(file, into);
  }
  if (format === null) {
    throw new DataError(
      'list-malformed',
      `not a format that is known here (starts with "${text.slice(0, 40).split(/\r?\n/)[0]}").`,
      {
        where: `${file}:1`,
        fix: 'give a csv with the header image,x1,y1,x2,y2,score, COCO results, or a document of aofd detect',
      },
    );
  }
  return format;
}

function formatOfText(text: string): SharedFormat | null {
  const end = text.search(/[\r\n]/);
  return isCsvHeader(end < 0 ? text : text.slice(0, end)) ? 'csv' : null;
}
