/** The tables of results in README.md and the model card, drawn from reports of `aofd eval`. */

import { insertBetween } from '../../src/aofd/eval/report/between-markers.js';

/** What the tables need of a `report.json`. */
export interface EvalReport {
  headlines: readonly Figure[];
  peers: readonly { name: string; headlines: readonly Figure[] }[];
}

/** A headline of a report, with its bootstrap interval over the pictures where there is one. */
export interface Figure {
  key: string;
  value: number;
  interval?: { low: number; high: number; level: number };
}

interface Row {
  /** Name of the evaluation, a key of the reports. */
  from: string;
  key: string;
  label: string;
  /** Whether smaller is better. */
  isError?: boolean;
}

const ROWS: readonly Row[] = [
  {
    from: 'masked',
    key: 'face-ap-covered',
    label: 'masked/val, masked faces (also wrongly), AP',
  },
  { from: 'masked', key: 'face-ap', label: 'masked/val, all faces, AP' },
  { from: 'masked', key: 'face-ap-unmasked', label: 'masked/val, unmasked faces, AP' },
  { from: 'facecount', key: 'face-ap', label: 'facecount/val, AP' },
  {
    from: 'masked-wider',
    key: 'face-ap-covered',
    label: "masked/val in WIDER FACE's boxes, masked faces, AP",
  },
  { from: 'masked-wider', key: 'face-ap', label: 'the same, all faces' },
  { from: 'masked-wider', key: 'face-ap-unmasked', label: 'the same, unmasked faces' },
  { from: 'facecount-wider', key: 'face-ap', label: "facecount/val in WIDER FACE's boxes, AP" },
  { from: 'masked-04', key: 'face-ap', label: 'masked/val, all faces, AP at IoU 0.4' },
  { from: 'facecount-04', key: 'face-ap', label: 'facecount/val, AP at IoU 0.4' },
  {
    from: 'fddb',
    key: 'discrete-recall@1000',
    label: 'FDDB, discrete recall at 1000 false positives',
  },
  { from: 'fddb', key: 'continuous-recall@1000', label: 'FDDB, continuous recall at 1000' },
  { from: 'occlusion', key: 'occluder-iou', label: 'occlusion-seg/test, occluder IoU' },
  { from: 'occlusion-real', key: 'occluder-iou', label: 'the same, real things only (51)' },
  {
    from: 'occlusion',
    key: 'share-error',
    label: 'occlusion-seg/test, mean error of the covered share',
    isError: true,
  },
];

/** Three decimals without the leading zero, as tables of the field print them. */
export function short(value: number): string {
  return value.toFixed(3).replace(/^(-?)0\./, '$1.');
}

function cell(figure: Figure | undefined, isBest: boolean): string {
  if (!figure) return '-';
  const value = isBest ? `**${short(figure.value)}**` : short(figure.value);
  const { interval } = figure;
  return interval ? `${value} [${short(interval.low)}, ${short(interval.high)}]` : value;
}

/**
 * Markdown: a row a figure, a column a detector, the best of at least two in bold. Rows that no report
 * has are left out.
 * @param reports by the name of their evaluation
 */
export function resultsTable(
  reports: Readonly<Partial<Record<string, EvalReport>>>,
  ours: string,
): string {
  const peers = [
    ...new Set(Object.values(reports).flatMap((r) => r?.peers.map((peer) => peer.name) ?? [])),
  ];
  const lines = ROWS.flatMap(({ from, key, label, isError = false }) => {
    const report = reports[from];
    if (!report) return [];
    const found = [
      report.headlines,
      ...peers.map((name) => report.peers.find((peer) => peer.name === name)?.headlines ?? []),
    ].map((headlines) => headlines.find((figure) => figure.key === key));
    const values = found.flatMap((figure) => (figure ? [figure.value] : []));
    if (values.length === 0) return [];
    const best = isError ? Math.min(...values) : Math.max(...values);
    const cells = found.map((figure) => cell(figure, values.length > 1 && figure?.value === best));
    return [`| ${[label, ...cells].join(' | ')} |`];
  });
  return [
    `| set | ${[ours, ...peers].join(' | ')} |`,
    `| --- |${' --- |'.repeat(1 + peers.length)}`,
    ...lines,
  ].join('\n');
}

export const BEGIN = '<!-- results -->';
export const END = '<!-- /results -->';

/**
 * Puts a table between the markers of a document.
 * @throws DataError when the markers are missing, repeated or in the wrong order
 */
export function insertResults(document: string, table: string, name: string): string {
  return insertBetween(document, { begin: BEGIN, end: END }, table, name);
}
