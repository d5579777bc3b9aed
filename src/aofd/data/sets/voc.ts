/**
 * Pascal VOC annotations: one XML file per picture with `<object>` entries and 1-based inclusive
 * corners.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../errors.js';
import {
  checkedBox,
  newLoadReport,
  type Box,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { coverOf, isFace, meaningOf, type ClassMap } from './classes.js';
import { entriesOf } from '../files/folder-files.js';
import { isSystemName } from '../files/system-names.js';
import { readSizeLeniently } from './image-size.js';
import { pathInside } from './inside.js';
import { checkListed, parseNumber, readText } from './text-file.js';

export interface VocOptions {
  /** Folder of the XML files (every *.xml is read, sorted by name). */
  annotationDir: string;
  /** Folder of the pictures named in `<filename>`. */
  imageRoot: string;
  /** Object name to meaning; without it only names of faces are taken, others are errors. */
  classes?: ClassMap;
  /** Corners count from 1 (VOC's rule, default) or 0. */
  firstPixel?: 0 | 1;
  /** Data set name of the samples. Default 'voc'. */
  source?: string;
  /** Pictures that cannot be read get no size instead of being an error: the caller sees to them. */
  isLenient?: boolean;
  report?: LoadReport;
}

/** A picture of a set that boxes heads. */
export interface HeadSample extends Sample {
  /** Whole heads, seen from any side. */
  heads?: Box[];
}

/** Loads a folder. Throws DataError naming the file and what is wrong in it. */
export function loadVoc(options: VocOptions): HeadSample[] {
  const report = options.report ?? newLoadReport();
  const names = entriesOf(options.annotationDir, 'annotation')
    .map(({ name }) => name)
    .filter((name) => /\.xml$/i.test(name) && !isSystemName(name));
  const samples = names
    .sort()
    .map((name) => readVocFile(join(options.annotationDir, name), options, report));
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples;
}

const text = z.string().optional();
const annotationSchema = z.object({
  filename: text,
  size: z.object({ width: text, height: text }).or(z.literal('')).optional(),
  object: z
    .array(
      z.object({
        name: text,
        difficult: text,
        bndbox: z.object({ xmin: text, ymin: text, xmax: text, ymax: text }).optional(),
      }),
    )
    .default([]),
});

/** The `<annotation>` of a file. Throws DataError naming file and line, or file and element. */
export function parseVoc(xml: string, file: string): z.infer<typeof annotationSchema> {
  refuseBombs(xml, file);
  const checked = XMLValidator.validate(xml);
  if (checked !== true)
    throw malformed(`${file}:${checked.err.line}`, checked.err.msg.slice(0, 200));
  const parser = new XMLParser({
    parseTagValue: false,
    isArray: (name, path) => path === 'annotation.object',
  });
  const root = parser.parse(xml) as Record<string, unknown>;
  if (!('annotation' in root)) throw malformed(file, 'no root element <annotation>');
  const parsed = annotationSchema.safeParse(root['annotation'] === '' ? {} : root['annotation']);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw malformed(`${file}: ${issue?.path.join('.') ?? ''}`, issue?.message ?? 'malformed');
}

/** Annotations are short and flat; the parser would follow any depth and expand any entity. */
const MOST_CHARACTERS = 2 ** 24;
const DEEPEST = 32;

/** @throws DataError before anything is built of it */
function refuseBombs(xml: string, file: string): void {
  if (xml.length > MOST_CHARACTERS) throw malformed(file, `has ${xml.length} characters`);
  if (/<!ENTITY/i.test(xml)) throw malformed(file, 'defines entities');
  let depth = 0;
  for (const [tag] of xml.matchAll(/<\/?[^\s<>!?/][^<>]*/g)) {
    if (tag.startsWith('</')) depth--;
    else if (!tag.endsWith('/')) depth++;
    if (depth > DEEPEST) throw malformed(file, `is nested more than ${DEEPEST} deep`);
  }
}

function readVocFile(file: string, options: VocOptions, report: LoadReport): HeadSample {
  checkListed(file);
  const annotation = parseVoc(readText(file), file);
  const named = annotation.filename || `${basename(file).replace(/\.xml$/i, '')}.jpg`;
  const picture = pathInside(options.imageRoot, named, `${file}: filename`);
  const stated = annotation.size || undefined;
  const [width, height] = [parseNumber(stated?.width), parseNumber(stated?.height)];
  // Some tools write 0 x 0: then the picture itself is asked.
  const size =
    width > 0 && height > 0 ? { width, height } : readSizeLeniently(picture, options.isLenient);
  const first = options.firstPixel ?? 1;
  const faces: FaceBox[] = [];
  const heads: Box[] = [];
  annotation.object.forEach((object, i) => {
    const where = `${file}: object[${i}]`;
    const meaning = meaningOf(options.classes, object.name ?? '', where);
    if (meaning !== 'head' && !isFace(meaning)) return;
    if (!object.bndbox) throw malformed(where, 'has no <bndbox>');
    const { xmin, ymin, xmax, ymax } = object.bndbox;
    const [x1, y1, x2, y2] = [xmin, ymin, xmax, ymax].map(parseNumber) as Box;
    if (x1 > x2 || y1 > y2) {
      throw new DataError(
        'box-invalid',
        `its corners are in the wrong order (xmin ${x1}, xmax ${x2}, ymin ${y1}, ymax ${y2}).`,
        { where, fix: 'correct or remove this object' },
      );
    }
    const box = checkedBox([x1 - first, y1 - first, x2 - x1 + 1, y2 - y1 + 1], size, where, report);
    if (!box) return;
    if (meaning === 'head') {
      heads.push(box);
      return;
    }
    const face: FaceBox = { box, ignore: object.difficult === '1', invalid: false };
    const cover = coverOf(meaning);
    if (cover) face.attributes = { cover };
    faces.push(face);
  });
  return {
    id: basename(file).replace(/\.xml$/i, ''),
    file: picture,
    ...size,
    faces,
    ...(heads.length > 0 ? { heads } : {}),
    source: options.source ?? 'voc',
  };
}

function malformed(where: string, what: string): DataError {
  return new DataError('list-malformed', `${what}.`, {
    where,
    fix: 'correct or remove this annotation file',
  });
}
