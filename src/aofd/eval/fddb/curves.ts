/** Published FDDB curves of a folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePublishedRoc, type PublishedCurve, type RocKind } from './index.js';

/** A published curve with its place. */
export interface NamedCurve extends PublishedCurve {
  kind: RocKind;
  name: string;
  file: string;
}

/**
 * Every `*Disc*` and `*Cont*` text file of a folder that holds rows, by name. Known flaws are
 * repaired while reading: columns in the wrong order, rows out of order, CRLF.
 */
export function readPublishedCurves(folder: string): NamedCurve[] {
  const curves: NamedCurve[] = [];
  for (const file of readdirSync(folder).sort()) {
    const kind = /disc/i.test(file) ? 'discrete' : /cont/i.test(file) ? 'continuous' : null;
    if (kind === null || !/\.txt$/i.test(file)) continue;
    const curve = parsePublishedRoc(readFileSync(join(folder, file), 'latin1'));
    if (curve) curves.push({ ...curve, kind, name: nameOf(file), file });
  }
  return curves;
}

/** `HeadHunter_DiscROC.txt` is HeadHunter, `Uni-Ubi_DiscROC-2.txt` is Uni-Ubi-2. */
function nameOf(file: string): string {
  return file
    .replace(/\.txt$/i, '')
    .replace(/[-_]?(allROC_)?(disc|cont)(ROC)?/i, '')
    .replace(/^[-_]|[-_]$/g, '');
}
