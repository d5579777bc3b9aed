/** Sets in WIDER FACE's text format (`*_bbx_gt.txt`), which has no lists of difficulty. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type FaceBox, type LoadReport, type Sample, newLoadReport } from '../../data/sample.js';
import { loadWider } from '../../data/sets/wider.js';
import { findFolder } from '../detections/find-file.js';
import type { PlainFaces, WiderLabel, WiderSet, WiderSetImage } from './set.js';

const PICTURES = ['images', 'WIDER_val/images', '../WIDER_val/images', '../images', '.'];
const CODES = ['occlusion', 'blur', 'pose', 'illumination', 'expression'] as const;

export interface WiderTextOptions {
  /** Folder that the list's paths are relative to; default: the usual places. */
  images?: string;
  ignoreBelow: number;
}

/**
 * Loads a list. Every face counts. Faces of plain AP are cut to the pictures where all are at hand,
 * as in training.
 */
export function loadWiderText(
  list: string,
  options: WiderTextOptions,
): { set: WiderSet; warnings: string[] } {
  const folder = dirname(resolve(list));
  const report = newLoadReport();
  const root = options.images ?? findFolder(folder, PICTURES) ?? folder;
  const base = { imageRoot: root, readSizes: false };
  const samples = loadWider(list, { ...base, report });
  const isClipped = samples.length > 0 && samples.every(({ file }) => existsSync(file));
  const plain = loadWider(list, {
    imageRoot: root,
    readSizes: isClipped,
    ignoreBelowPx: options.ignoreBelow,
  });
  const images = samples.map((sample, i) => imageOf(sample, plainFaces(plain[i]!)));
  const counted = images.map(({ faces }) => new Uint8Array(faces.length / 4).fill(1));
  return {
    set: {
      name: `${basename(folder)}/${basename(list).replace(/(_bbx_gt)?\.txt$/, '')}`,
      images,
      settings: [{ name: 'all', counted, published: [] }],
      ignoreBelow: options.ignoreBelow,
      isClipped,
    },
    warnings: warningsOf(report, samples),
  };
}

function imageOf(sample: Sample, plain: PlainFaces): WiderSetImage {
  const { id, file, faces } = sample;
  const labels: Partial<Record<WiderLabel, Uint8Array>> = {};
  if (faces.every((face) => face.attributes !== undefined)) {
    for (const code of CODES) {
      labels[code] = Uint8Array.from(faces, (face) => face.attributes?.[code] ?? 0);
    }
    labels.invalid = Uint8Array.from(faces, (face) => (face.invalid ? 1 : 0));
  }
  return {
    name: id,
    file: existsSync(file) ? file : null,
    faces: cornersOf(faces),
    labels,
    plain,
  };
}

const plainFaces = ({ faces }: Sample): PlainFaces => ({
  boxes: cornersOf(faces),
  ignore: Uint8Array.from(faces, (face) => (face.ignore || face.invalid ? 1 : 0)),
});

/** x, y, x + w, y + h of inclusive boxes. */
function cornersOf(faces: readonly FaceBox[]): Float64Array {
  return Float64Array.from(faces.flatMap(({ box: [x1, y1, x2, y2] }) => [x1, y1, x2 + 1, y2 + 1]));
}

function warningsOf(report: LoadReport, samples: readonly Sample[]): string[] {
  const warnings: string[] = [];
  const without = samples.filter(({ faces }) => faces.length === 0).length;
  if (report.dropped > 0) {
    warnings.push(
      `${report.dropped} boxes under 1 px were left out (first: ${report.notes[0] ?? 'unknown'}).`,
    );
  }
  if (without > 0) {
    warnings.push(
      `${without} images have no face: the official algorithm does not look at their predictions, ` +
        'plain AP counts them as wrong.',
    );
  }
  return warnings;
}

/** Joins the folder of the data and a list named by the user. */
export function listPath(data: string, annotations: string): string {
  return existsSync(annotations) ? annotations : join(data, annotations);
}
