/**
 * Pascal VOC annotations: one XML file per picture with `<object>` entries and 1-based inclusive
 * corners. Read with a small tag scanner (comments and CDATA are handled; attributes are skipped).
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DataError } from '../../errors.js';
import {
  checkedBox,
  newLoadReport,
  type Cover,
  type FaceBox,
  type LoadReport,
  type Sample,
} from '../sample.js';
import { parseNumber, readText } from './text-file.js';

export interface VocOptions {
  /** Folder of the XML files (every *.xml is read, sorted by name). */
  annotationDir: string;
  /** Folder of the pictures named in `<filename>`. */
  imageRoot: string;
  /** Object name to cover, or null to leave the object out. Unlisted names: a face, cover unknown. */
  classes?: Readonly<Record<string, Cover | 'face' | null>>;
  /** Corners count from 1 (VOC's rule, default) or 0. */
  firstPixel?: 0 | 1;
  /** Data set name of the samples. Default 'voc'. */
  source?: string;
  report?: LoadReport;
}

/** An element of the file: text of its own, children in order. */
export interface XmlElement {
  name: string;
  text: string;
  children: XmlElement[];
}

/** Loads a folder. Throws DataError naming the file and what is wrong in it. */
export function loadVoc(options: VocOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  let names: string[];
  try {
    names = readdirSync(options.annotationDir).filter((name) => /\.xml$/i.test(name));
  } catch {
    throw new DataError('file-missing', 'annotation folder cannot be read.', {
      where: options.annotationDir,
      fix: 'check the path of the data set',
    });
  }
  const samples = names.sort().map((name) => {
    return readVocFile(join(options.annotationDir, name), options, report);
  });
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples;
}

function readVocFile(file: string, options: VocOptions, report: LoadReport): Sample {
  const root = parseXml(readText(file), file);
  if (root.name !== 'annotation') {
    throw malformed(file, `root element is <${root.name}>, expected <annotation>`);
  }
  const fileName = textOf(root, 'filename') || `${basename(file, '.xml')}.jpg`;
  const sizeElement = child(root, 'size');
  const width = sizeElement ? parseNumber(textOf(sizeElement, 'width')) : NaN;
  const height = sizeElement ? parseNumber(textOf(sizeElement, 'height')) : NaN;
  const size = width > 0 && height > 0 ? { width, height } : undefined;
  const first = options.firstPixel ?? 1;
  const faces: FaceBox[] = [];
  root.children
    .filter((element) => element.name === 'object')
    .forEach((object, i) => {
      const where = `${file}: object[${i}]`;
      const label = textOf(object, 'name');
      const mapped = options.classes?.[label];
      if (mapped === null) return;
      const bounds = child(object, 'bndbox');
      if (!bounds) throw malformed(where, 'has no <bndbox>');
      const [x1, y1, x2, y2] = ['xmin', 'ymin', 'xmax', 'ymax'].map((name) =>
        parseNumber(textOf(bounds, name)),
      ) as [number, number, number, number];
      const xywh = [x1 - first, y1 - first, x2 - x1 + 1, y2 - y1 + 1];
      const box = checkedBox(xywh, size, where, report);
      if (!box) return;
      const isDifficult = textOf(object, 'difficult') === '1';
      const face: FaceBox = { box, ignore: isDifficult, invalid: false };
      if (mapped !== undefined && mapped !== 'face') face.attributes = { cover: mapped };
      faces.push(face);
    });
  return {
    id: basename(file).replace(/\.xml$/i, ''),
    file: join(options.imageRoot, fileName),
    ...size,
    faces,
    source: options.source ?? 'voc',
  };
}

const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((c) => c.name === name);
const textOf = (element: XmlElement, name: string): string =>
  (child(element, name)?.text ?? '').trim();

function malformed(where: string, what: string): DataError {
  return new DataError('list-malformed', `${what}.`, {
    where,
    fix: 'correct or remove this annotation file',
  });
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (name.startsWith('#')) {
      const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    }
    return ENTITIES[name] ?? whole;
  });
}

/** Parses a document to its root element. Throws DataError on tags that do not match. */
export function parseXml(text: string, file: string): XmlElement {
  const token =
    /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<[?!][^>]*>|<(\/?)([\w:.-]+)[^>]*?(\/?)>/g;
  const top: XmlElement = { name: '', text: '', children: [] };
  const stack = [top];
  let at = 0;
  for (const match of text.matchAll(token)) {
    const here = stack[stack.length - 1] as XmlElement;
    here.text += decodeEntities(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [, cdata, closing, name, selfClosing] = match;
    if (cdata !== undefined) here.text += cdata;
    if (name === undefined) continue;
    if (closing) {
      if (here.name !== name) {
        throw malformed(file, `</${name}> found where </${here.name || '(nothing)'}> was expected`);
      }
      stack.pop();
    } else {
      const element: XmlElement = { name, text: '', children: [] };
      here.children.push(element);
      if (!selfClosing) stack.push(element);
    }
  }
  const root = top.children[0];
  if (stack.length !== 1) {
    throw malformed(file, `the file ends inside <${stack[stack.length - 1]?.name}>`);
  }
  if (!root) throw malformed(file, 'no XML element found');
  return root;
}
