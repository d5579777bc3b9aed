/** Tables of what figures with pictures show. */
import { basename } from 'node:path';
import type { ReportTable } from '../../eval/protocol.js';
import type { LoadedStudy } from '../load.js';
import { titleOf, type StudyResults } from '../results.js';

/** Shapes of the generator's masks over all faces that a figure shows. */
export function maskTable(loaded: LoadedStudy, results: StudyResults): ReportTable | null {
  const rows = results.figures.flatMap((entry) => {
    if (entry.kind !== 'pictures' || entry.figure.kind !== 'masks') return [];
    return entry.shown.map(({ setting, shown }) => {
      const faces = shown.pictures
        .flatMap(({ faces: list }) => list)
        .filter(({ pieces }) => pieces !== null);
      const mean = (of: 'pieces' | 'edge'): number | null => {
        const values = faces.flatMap((face) => face[of] ?? []);
        return values.length > 0 ? values.reduce((sum, v) => sum + v, 0) / values.length : null;
      };
      return [
        entry.figure.title,
        titleOf(loaded, setting),
        faces.length,
        mean('pieces'),
        mean('edge'),
      ];
    });
  });
  if (rows.length === 0) return null;
  return {
    title: 'Shape of the generator’s masks',
    columns: ['figure', 'setting', 'faces', 'connected pieces', 'edge length'],
    rows,
    digits: 2,
    note: 'Means over the faces. Pieces touch by sides or corners; the edge is counted in sides of cells, the border of the grid included. The least edge of 16 cells is 16, the most 64.',
  };
}

/** What became of the boxes of compared settings where true faces are known. */
export function boxTable(loaded: LoadedStudy, results: StudyResults): ReportTable | null {
  const rows = results.figures.flatMap((entry) => {
    // Figures of masks show boxes of low scores, so that every face has one.
    if (entry.kind !== 'pictures' || entry.figure.kind === 'masks') return [];
    return entry.shown.flatMap(({ setting, shown }) => {
      const known = shown.pictures.filter(({ right }) => right !== null);
      if (known.length === 0) return [];
      const sum = (of: 'right' | 'wrong' | 'missed'): string =>
        String(known.reduce((total, picture) => total + (picture[of] ?? 0), 0));
      const title = titleOf(loaded, setting);
      return [[entry.figure.title, title, sum('right'), sum('wrong'), sum('missed')]];
    });
  });
  if (rows.length === 0) return null;
  return {
    title: 'Boxes in the pictures that are drawn',
    columns: ['figure', 'setting', 'right', 'false', 'missed faces'],
    rows,
  };
}

/** Scores of the true faces under each setting of figures that compare settings. */
export function scoreTables(loaded: LoadedStudy, results: StudyResults): ReportTable[] {
  return results.figures.flatMap((entry): ReportTable[] => {
    if (entry.kind !== 'pictures' || entry.figure.kind !== 'side-by-side') return [];
    const { figure, shown } = entry;
    const rows = figure.pictures.flatMap((picture, p) => {
      const file = typeof picture === 'string' ? picture : picture.file;
      const count = Math.max(0, ...shown.map((one) => one.shown.pictures[p]?.truths?.length ?? 0));
      return Array.from({ length: count }, (_, face) => [
        basename(file),
        String(face + 1),
        ...shown.map(({ shown: { pictures } }) => pictures[p]?.truths?.[face] ?? 'no box fits'),
      ]);
    });
    if (rows.length === 0) return [];
    return [
      {
        title: `${figure.title}: scores of the same faces`,
        columns: ['picture', 'face', ...shown.map(({ setting }) => titleOf(loaded, setting))],
        rows,
        digits: 3,
        note: 'Of the best box with IoU 0.5 or more, also below the least score that is drawn.',
      },
    ];
  });
}
