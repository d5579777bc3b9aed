/**
 * MAFA's label files (docs/spec.md 6.2), MATLAB version 5 or 7.3: `LabelTestAll.mat` (struct array
 * `LabelTest` with `name` and 18 columns in `label`) and `LabelTrainAll.mat` (`label_train` with
 * `orgImgName`, `imgName` and 21 columns in `label`).
 */
import { existsSync } from 'node:fs';
import {
  matLine,
  matOfKind,
  matRows,
  readMatVariable,
  type MatStruct,
  type MatValue,
} from '../../formats/mat-value.js';
import { openMatAsync } from '../detections/mat-file.js';
import { pathInside } from '../../data/sets/inside.js';
import { DataError } from '../../errors.js';
import type { MafaSet, MafaSetImage } from './set.js';

/** How the two splits differ. */
const SPLITS = {
  test: {
    variable: 'LabelTest',
    columns: 18,
    name: 'name',
    type: 4,
    occluder: 9,
    degree: 10,
    orientation: 13,
  },
  // Every face of the training set is masked; the file has no type column.
  train: {
    variable: 'label_train',
    columns: 21,
    name: 'imgName',
    type: null,
    occluder: 12,
    degree: 13,
    orientation: 16,
  },
} as const;

type Layout = (typeof SPLITS)[keyof typeof SPLITS];

/** Pictures, relative to the data folder. */
export const MAFA_PICTURES = {
  test: ['test-images/images', 'MAFA/test-images/images', 'test-images', 'images', '.'],
  train: ['train-images/images', 'MAFA/train-images/images', 'train-images', 'images', '.'],
} as const;

/**
 * Reads a label file; the split is told by its variable.
 * @param pictures folder of the pictures, or null
 * @throws DataError or IoError naming file, image and row of what is wrong
 */
export async function readMafaAsync(
  path: string,
  pictures: string | null,
): Promise<{ set: MafaSet; warnings: string[] }> {
  using file = await openMatAsync(path);
  const split = (['test', 'train'] as const).find((key) =>
    file.names.includes(SPLITS[key].variable),
  );
  if (!split) {
    throw new DataError(
      'list-malformed',
      `expected the variable LabelTest or label_train, the file has ${file.names.join(', ') || 'none'}.`,
      { where: path, fix: 'take LabelTestAll.mat or LabelTrainAll.mat of MAFA as published' },
    );
  }
  const layout = SPLITS[split];
  const where = `${path}: ${layout.variable}`;
  const entries = entriesOf(readMatVariable(file, layout.variable, 'struct'), layout, where);
  const byName = new Map<string, { rows: number[][]; where: string }>();
  let repeated = 0;
  for (const entry of entries) {
    const before = byName.get(entry.name);
    if (before) {
      repeated++;
      before.rows.push(...entry.rows);
    } else byName.set(entry.name, entry);
  }
  const images = [...byName].map(([name, { rows, where: place }]) => {
    const picture = pictures === null ? null : pathInside(pictures, name, place);
    const found = picture !== null && existsSync(picture) ? picture : null;
    return imageOf(name, found, rows, layout, place);
  });
  return { set: { name: `MAFA ${split}`, split, images }, warnings: warningsOf(images, repeated) };
}

interface Entry {
  name: string;
  rows: number[][];
  where: string;
}

/** A struct array with one image each, or (as some tools save it) one struct of two cell arrays. */
function entriesOf(value: MatStruct, layout: Layout, where: string): Entry[] {
  const [first] = value.elements;
  const isTransposed =
    value.elements.length === 1 &&
    Object.values(first!).some((field) => field.kind === 'cell' && field.cells.length !== 1);
  if (!isTransposed) {
    return value.elements.map((element, i) => entryOf(element, layout, `${where}(${i + 1})`));
  }
  const lists = Object.entries(first!).map(
    ([field, list]) => [field, matOfKind(list, 'cell', `${where}.${field}`).cells] as const,
  );
  const count = lists[0]?.[1].length ?? 0;
  if (lists.some(([, cells]) => cells.length !== count)) {
    throw new DataError(
      'list-malformed',
      `its fields have ${lists.map(([field, cells]) => `${cells.length} (${field})`).join(', ')} entries.`,
      { where, fix: 'take the label file as published' },
    );
  }
  return Array.from({ length: count }, (_, i) =>
    entryOf(
      Object.fromEntries(lists.map(([field, cells]) => [field, cells[i]!])),
      layout,
      `${where}(${i + 1})`,
    ),
  );
}

function entryOf(
  element: Readonly<Record<string, MatValue>>,
  layout: Layout,
  where: string,
): Entry {
  const { name, label } = { name: element[layout.name], label: element['label'] };
  if (!name || !label) {
    throw new DataError(
      'list-malformed',
      `expected the fields ${layout.name} and label, got ${Object.keys(element).join(', ')}.`,
      { where, fix: 'take the label file as published' },
    );
  }
  const labels = label.kind === 'cell' && label.cells.length === 1 ? label.cells[0]! : label;
  const rows = matRows(labels, `${where}.label`);
  const bad = rows.find((row) => row.length !== layout.columns);
  if (bad) {
    throw new DataError('list-malformed', `${bad.length} columns, expected ${layout.columns}.`, {
      where: `${where}.label`,
      fix: 'take the label file as published',
    });
  }
  return { name: matLine(name, `${where}.${layout.name}`), rows, where };
}

function imageOf(
  name: string,
  file: string | null,
  rows: readonly number[][],
  layout: Layout,
  where: string,
): MafaSetImage {
  const column = (at: number): Int16Array => Int16Array.from(rows, (row) => row[at]!);
  rows.forEach((row, r) => {
    const [x, y, w, h] = row as [number, number, number, number];
    const type = layout.type === null ? 1 : row[layout.type];
    const place = `${where} (${name}), row ${r + 1}`;
    if (![x, y, w, h].every(Number.isFinite) || w < 0 || h < 0) {
      throw new DataError('box-invalid', `the face box is x y w h = ${[x, y, w, h].join(' ')}.`, {
        where: place,
        fix: 'correct or remove this row',
      });
    }
    if (type !== 1 && type !== 2 && type !== 3) {
      throw new DataError(
        'list-malformed',
        `face type ${type}, expected 1 (masked), 2 (unmasked) or 3 (invalid).`,
        { where: place, fix: 'correct or remove this row' },
      );
    }
  });
  return {
    name,
    file,
    gt: Float64Array.from(rows.flatMap(([x, y, w, h]) => [x!, y!, x! + w!, y! + h!])),
    types: Uint8Array.from(rows, (row) => (layout.type === null ? 1 : row[layout.type]!)),
    labels: {
      degree: column(layout.degree),
      occluder: column(layout.occluder),
      orientation: column(layout.orientation),
    },
  };
}

function warningsOf(images: readonly MafaSetImage[], repeated: number): string[] {
  const warnings: string[] = [];
  let empty = 0;
  for (const { gt } of images) {
    for (let o = 0; o < gt.length; o += 4) {
      if (gt[o + 2] === gt[o] || gt[o + 3] === gt[o + 1]) empty++;
    }
  }
  if (empty > 0)
    warnings.push(`${empty} faces have zero width or height; they count as annotated.`);
  if (repeated > 0) {
    warnings.push(`${repeated} entries repeat an image name; their faces were put together.`);
  }
  return warnings;
}
