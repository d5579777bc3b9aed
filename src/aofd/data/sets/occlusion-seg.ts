/**
 * Face portraits with pixel masks of what covers the face (stands in for SFS, docs/spec.md 4.3):
 * `index.json`, `images/ID.jpg`, `masks/ID.png` (white = occluder), `face/ID.png` (white = face).
 */
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import { checkedBox, newLoadReport, type LoadReport, type Sample } from '../sample.js';
import { preview, readJson } from './text-file.js';

export interface OcclusionSegOptions {
  split: 'train' | 'test' | 'all';
  /** Also take portraits with digitally drawn masks, or only those. Default true. */
  synthetic?: boolean | 'only';
  /** Data set name of the samples. Default 'occlusion-seg'. */
  source?: string;
  report?: LoadReport;
}

interface Entry {
  id: string;
  split: string;
  width: number;
  height: number;
  box: number[];
  occlusion?: number;
  synthetic?: boolean;
}

/** Loads a folder. Throws DataError naming file and entry on anything malformed. */
export function loadOcclusionSeg(root: string, options: OcclusionSegOptions): Sample[] {
  const report = options.report ?? newLoadReport();
  const indexFile = join(root, 'index.json');
  const index = readJson(indexFile);
  if (!Array.isArray(index)) {
    throw new DataError('list-malformed', 'expected a list of entries.', {
      where: indexFile,
      fix: 'copy it again',
    });
  }
  const samples: Sample[] = [];
  index.forEach((item: unknown, i) => {
    const where = `${indexFile}: [${i}]`;
    const entry = checkedEntry(item, where);
    if (options.split !== 'all' && entry.split !== options.split) return;
    if (options.synthetic === false && entry.synthetic) return;
    if (options.synthetic === 'only' && !entry.synthetic) return;
    const box = checkedBox(entry.box, entry, `${where}.box`, report);
    samples.push({
      id: entry.id,
      file: join(root, 'images', `${entry.id}.jpg`),
      width: entry.width,
      height: entry.height,
      faces: box
        ? [
            {
              box,
              ignore: false,
              invalid: false,
              attributes: { occludedShare: entry.occlusion },
            },
          ]
        : [],
      segmentation: {
        maskFile: join(root, 'masks', `${entry.id}.png`),
        faceFile: join(root, 'face', `${entry.id}.png`),
      },
      source: options.source ?? 'occlusion-seg',
    });
  });
  report.images += samples.length;
  report.faces += samples.reduce((n, s) => n + s.faces.length, 0);
  return samples;
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;

function checkedEntry(item: unknown, where: string): Entry {
  const entry = item as Partial<Entry> | null;
  const isGood =
    typeof entry === 'object' &&
    entry !== null &&
    typeof entry.id === 'string' &&
    /^[\w.-]+$/.test(entry.id) &&
    typeof entry.split === 'string' &&
    isCount(entry.width) &&
    isCount(entry.height) &&
    (entry.occlusion === undefined || Number.isFinite(entry.occlusion)) &&
    Array.isArray(entry.box) &&
    entry.box.every((value) => typeof value === 'number');
  if (!isGood) {
    throw new DataError(
      'list-malformed',
      `expected {id, split, width, height, box}, got ${preview(item).slice(0, 80)}.`,
      { where, fix: 'correct this entry of index.json' },
    );
  }
  return entry as Entry;
}
