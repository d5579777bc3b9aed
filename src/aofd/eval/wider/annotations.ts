/**
 * The official lists of WIDER FACE val: `wider_face_val.mat` (events, files, boxes, labels) and
 * `wider_{easy,medium,hard}_val.mat` (`gt_list`: numbers from 1 of the faces that count).
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  matLine,
  matOfKind,
  matRows,
  readMatVariable,
  type MatFile,
  type MatValue,
} from '../../formats/mat-value.js';
import { openMatAsync } from '../detections/mat-file.js';
import { pathInside } from '../../data/sets/inside.js';
import { DataError } from '../../errors.js';
import { averagePrecision } from '../statistics/ap.js';
import { findFile, findFolder, subfolders } from '../detections/find-file.js';
import {
  plainIgnore,
  type PublishedCurve,
  type WiderLabel,
  type WiderSet,
  type WiderSetImage,
  type WiderSetting,
} from './set.js';

const LEVELS = ['easy', 'medium', 'hard'] as const;
const LABELS: readonly WiderLabel[] = [
  'occlusion',
  'blur',
  'pose',
  'illumination',
  'expression',
  'invalid',
];
const PICTURES = ['WIDER_val/images', 'images', 'WIDER_val', 'val/images'];
const BASELINES = [
  'plot/baselines/Val/setting_int',
  'eval_tools/plot/baselines/Val/setting_int',
  'baselines/Val/setting_int',
];

export interface WiderMatOptions {
  /** Folder of the pictures; default: the usual places. */
  images?: string;
  ignoreBelow: number;
}

/** A set from the official lists with the files it came from, or null where there are none. */
export async function loadWiderMatAsync(
  data: string,
  options: WiderMatOptions,
): Promise<{ set: WiderSet; files: string[]; warnings: string[] } | null> {
  const faceFile = findFile(data, 'wider_face_val.mat');
  if (!faceFile) return null;
  const root = options.images ?? findFolder(data, PICTURES);
  const images = await readImagesAsync(faceFile, root, options.ignoreBelow);
  const files = [faceFile];
  const warnings: string[] = [];
  const settings: WiderSetting[] = [];
  for (const level of LEVELS) {
    const name = `wider_${level}_val.mat`;
    const beside = join(dirname(faceFile), name);
    const file = existsSync(beside) ? beside : findFile(data, name);
    if (!file) {
      warnings.push(`${name} is missing: no AP for "${level}".`);
      continue;
    }
    files.push(file);
    settings.push({
      name: level,
      counted: await readCountedAsync(file, images),
      published: await readPublishedAsync(data, level),
    });
  }
  if (settings.length === 0) {
    const counted = images.map((image) => new Uint8Array(image.faces.length / 4).fill(1));
    settings.push({ name: 'all', counted, published: [] });
  }
  return {
    set: {
      name: 'WIDER FACE val',
      images,
      settings,
      ignoreBelow: options.ignoreBelow,
      isClipped: false,
    },
    files,
    warnings,
  };
}

/** A list per event of a list per image, as one list of images. */
function perImage(value: MatValue, where: string): { value: MatValue; where: string }[] {
  return matOfKind(value, 'cell', where).cells.flatMap((event, e) =>
    matOfKind(event, 'cell', `${where}{${e + 1}}`).cells.map((image, i) => ({
      value: image,
      where: `${where}{${e + 1}}{${i + 1}}`,
    })),
  );
}

const listOf = (file: MatFile, name: string): ReturnType<typeof perImage> =>
  perImage(file.read(name), `${file.path}: ${name}`);

async function readImagesAsync(
  path: string,
  root: string | null,
  ignoreBelow: number,
): Promise<WiderSetImage[]> {
  using file = await openMatAsync(path);
  const events = readMatVariable(file, 'event_list', 'cell').cells.map((cell, e) =>
    matLine(cell, `${path}: event_list{${e + 1}}`),
  );
  const names = readMatVariable(file, 'file_list', 'cell').cells.flatMap((cell, e) =>
    matOfKind(cell, 'cell', `${path}: file_list{${e + 1}}`).cells.map(
      (name, i) =>
        `${events[e] ?? ''}/${matLine(name, `${path}: file_list{${e + 1}}{${i + 1}}`)}.jpg`,
    ),
  );
  const boxes = listOf(file, 'face_bbx_list');
  checkCount(path, 'face_bbx_list', boxes.length, names.length);
  const columns = LABELS.filter((label) => file.names.includes(`${label}_label_list`)).map(
    (label) => ({ label, list: listOf(file, `${label}_label_list`) }),
  );
  for (const { label, list } of columns) {
    checkCount(path, `${label}_label_list`, list.length, names.length);
  }
  return names.map((name, i) => {
    const rows = matRows(boxes[i]!.value, boxes[i]!.where);
    const faces = Float64Array.from(
      rows.flatMap(([x = NaN, y = NaN, w = NaN, h = NaN]) => [x, y, x + w, y + h]),
    );
    if (!faces.every(Number.isFinite)) {
      throw new DataError('box-invalid', 'a face box is not four finite numbers.', {
        where: boxes[i]!.where,
        fix: 'download the lists again',
      });
    }
    const labels = Object.fromEntries(
      columns.map(({ label, list }) => {
        const codes = matRows(list[i]!.value, list[i]!.where).flat();
        checkCount(list[i]!.where, 'labels', codes.length, rows.length);
        return [label, Uint8Array.from(codes)];
      }),
    ) as WiderSetImage['labels'];
    const picture = root === null ? null : pathInside(root, name, `${path}: file_list`);
    return {
      name,
      file: picture !== null && existsSync(picture) ? picture : null,
      faces,
      labels,
      plain: { boxes: faces, ignore: plainIgnore(faces, labels.invalid, ignoreBelow) },
    };
  });
}

async function readCountedAsync(
  path: string,
  images: readonly WiderSetImage[],
): Promise<Uint8Array[]> {
  using file = await openMatAsync(path);
  const lists = listOf(file, 'gt_list');
  checkCount(path, 'gt_list', lists.length, images.length);
  return lists.map(({ value, where }, i) => {
    const counted = new Uint8Array(images[i]!.faces.length / 4);
    for (const number of matRows(value, where).flat()) {
      if (!(Number.isInteger(number) && number >= 1 && number <= counted.length)) {
        throw new DataError(
          'list-malformed',
          `face number ${number}, but the image has ${counted.length} faces (numbers start at 1).`,
          { where, fix: 'take all four .mat files from the same archive' },
        );
      }
      counted[number - 1] = 1;
    }
    return counted;
  });
}

/** Curves of published detectors: `<method>/wider_pr_info_<method>_<level>_val.mat`. */
async function readPublishedAsync(data: string, level: string): Promise<PublishedCurve[]> {
  const folder = findFolder(data, BASELINES);
  const curves: PublishedCurve[] = [];
  for (const method of folder ? subfolders(folder) : []) {
    const name = readdirSync(method).find((entry) => entry.endsWith(`_${level}_val.mat`));
    if (name) curves.push(await readCurveAsync(join(method, name)));
  }
  return curves;
}

/** A curve file: `pr_cruve` (so spelled), precision and recall; `legend_name`. */
export async function readCurveAsync(path: string): Promise<PublishedCurve> {
  using file = await openMatAsync(path);
  const variable = ['pr_cruve', 'pr_curve'].find((name) => file.names.includes(name)) ?? 'pr_cruve';
  const rows = matRows(file.read(variable), `${path}: ${variable}`);
  const precision = Float64Array.from(rows, ([value]) => (Number.isNaN(value) ? 0 : value!));
  const recall = Float64Array.from(rows, (row) => row[1] ?? NaN);
  if (recall.some(Number.isNaN)) {
    throw new DataError('list-malformed', 'expected two columns, precision and recall.', {
      where: `${path}: ${variable}`,
      fix: 'download the official evaluation tools again',
    });
  }
  const name = file.names.includes('legend_name')
    ? matLine(file.read('legend_name'), `${path}: legend_name`)
    : basename(dirname(path));
  return { name, precision, recall, ap: averagePrecision({ precision, recall, positives: 1 }) };
}

function checkCount(where: string, what: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new DataError('list-malformed', `${what} has ${got} entries, expected ${expected}.`, {
    where,
    fix: 'take all .mat files from the same archive',
  });
}
