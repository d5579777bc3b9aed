/**
 * FDDB annotations: ten folds, each a list of image names and a list of ellipses
 * `major_radius minor_radius angle center_x center_y 1` (docs/spec.md 6.1). Evaluation only.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import { countedEntries } from './counted-list.js';
import { pathInside } from './inside.js';
import { readImageSize } from './image-size.js';
import { checkedBox, newLoadReport, type LoadReport, type Sample } from '../sample.js';
import { parseNumber, readLines } from './text-file.js';

/** An annotated face: radii and centre in pixels, angle in radians. */
export interface FddbEllipse {
  majorRadius: number;
  minorRadius: number;
  angle: number;
  centerX: number;
  centerY: number;
}

export interface FddbSample extends Sample {
  /** 1..10. */
  fold: number;
  ellipses: FddbEllipse[];
  /** false when the picture is not on disk (faces then have unclipped boxes). */
  isPresent: boolean;
}

export interface FddbOptions {
  /** Folder with FDDB-fold-NN.txt and FDDB-fold-NN-ellipseList.txt. */
  foldDir: string;
  /** Folder of `YYYY/MM/DD/big/img_N.jpg`. */
  imageRoot: string;
  /** Which folds. Default 1..10. */
  folds?: readonly number[];
  report?: LoadReport;
}

/**
 * Loads folds in order; every listed image is returned, also missing ones (`isPresent`).
 * `faces` are the ellipses' axis-parallel bounding boxes. Throws DataError naming file and line.
 */
export function loadFddb(options: FddbOptions): FddbSample[] {
  const report = options.report ?? newLoadReport();
  const samples: FddbSample[] = [];
  for (const fold of options.folds ?? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const stem = join(options.foldDir, `FDDB-fold-${String(fold).padStart(2, '0')}`);
    const names = readLines(`${stem}.txt`)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const listed = readEllipses(`${stem}-ellipseList.txt`);
    for (const name of names) {
      const entry = listed.get(name);
      if (!entry) {
        throw new DataError('list-malformed', `no entry for "${name}", which ${stem}.txt lists.`, {
          where: `${stem}-ellipseList.txt`,
          fix: 'use the two files of the same fold',
        });
      }
      const file = pathInside(options.imageRoot, `${name}.jpg`, `${stem}.txt`);
      const isPresent = existsSync(file);
      const size = isPresent ? readImageSize(file) : undefined;
      const faces = entry.flatMap(({ ellipse, where }) => {
        const box = checkedBox(ellipseBounds(ellipse), size, where, report);
        return box ? [{ box, ignore: false, invalid: false }] : [];
      });
      report.images++;
      report.faces += faces.length;
      const ellipses = entry.map((e) => e.ellipse);
      samples.push({ id: name, file, ...size, faces, source: 'fddb', fold, ellipses, isPresent });
    }
  }
  return samples;
}

/** x, y, w, h of the smallest upright box around the ellipse. */
export function ellipseBounds(e: FddbEllipse): [number, number, number, number] {
  const cos = Math.cos(e.angle);
  const sin = Math.sin(e.angle);
  const halfW = Math.hypot(e.majorRadius * cos, e.minorRadius * sin);
  const halfH = Math.hypot(e.majorRadius * sin, e.minorRadius * cos);
  return [e.centerX - halfW, e.centerY - halfH, 2 * halfW + 1, 2 * halfH + 1];
}

/**
 * An ellipse list: per image its name, the number of faces, and their lines. Throws DataError naming
 * file and line, also for an image that is listed twice.
 */
export function readEllipses(file: string): Map<string, { ellipse: FddbEllipse; where: string }[]> {
  const entries = new Map<string, { ellipse: FddbEllipse; where: string }[]>();
  for (const entry of countedEntries(file, 'image name, count, then count ellipse lines')) {
    const { name } = entry;
    if (entries.has(name)) {
      throw new DataError('list-malformed', `"${name}" is listed a second time.`, {
        where: entry.where,
        fix: 'list each image once',
      });
    }
    const faces = [];
    for (let i = 0; i < entry.count; i++) {
      const { text = '', where } = entry.row(i);
      const values = text.trim().split(/\s+/).map(parseNumber);
      const [majorRadius = NaN, minorRadius = NaN, angle = NaN, centerX = NaN, centerY = NaN] =
        values;
      const isGood =
        [angle, centerX, centerY].every(Number.isFinite) && majorRadius > 0 && minorRadius > 0;
      if (!isGood) {
        throw new DataError(
          'list-malformed',
          `expected "major minor angle x y 1" with positive radii, got "${text}".`,
          { where, fix: 'copy the ellipse list again' },
        );
      }
      faces.push({ ellipse: { majorRadius, minorRadius, angle, centerX, centerY }, where });
    }
    entries.set(name, faces);
  }
  return entries;
}
