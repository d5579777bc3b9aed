/**
 * COCO-style evaluation against what others measured on the same files: the AP that the notes beside
 * the peers' detections state, and pycocotools' twelve figures for these detections.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cocoProtocol } from '../../src/aofd/eval/coco/protocol.js';
import type { Evaluation, EvalSet, ReportTable } from '../../src/aofd/eval/protocol.js';
import { Comparison, type Verified } from './comparison.js';

/** AP at IoU 0.5 and at 0.4. */
type Stated = readonly [number, number];

interface Peer {
  name: string;
  all: Stated;
  covered: Stated;
  unmasked: Stated;
  facecount: Stated;
  /** AP at IoU 0.5 that is stated for the files themselves: all and covered. */
  files?: readonly [number, number];
  /** pycocotools 2.0, one category: `ignore` honoured as it is for crowds, and passed over. */
  pycocotools: { all: readonly number[]; iscrowd: readonly number[] };
}

/**
 * The stated AP was measured with a score floor of 0.02 and up to 300 boxes; the files hold boxes from
 * 0.03 on, at most 150 a picture. That and three decimals may differ; the files' own may not.
 */
const FLOOR_TOLERANCE = 0.003;
const ROUNDING = 0.0005 + 1e-9;
const EXACT = 1e-12;

export const PEERS: readonly Peer[] = [
  {
    name: 'yunet-2026may',
    all: [0.8, 0.884],
    covered: [0.715, 0.824],
    unmasked: [0.893, 0.936],
    facecount: [0.848, 0.9],
    pycocotools: {
      all: [
        0.27485018632153996, 0.7953590387925323, 0.09891361135488444, 0.22909842170639608,
        0.2900172425904942, 0.3396475918472407, 0.13110814419225636, 0.3359145527369827,
        0.3762349799732978, 0.34026845637583897, 0.38750000000000007, 0.43053435114503813,
      ],
      iscrowd: [
        0.2557223187844815, 0.7518145078253464, 0.0907506274090066, 0.19812991520894835,
        0.2900172425904942, 0.3396475918472407, 0.1165876777251185, 0.30402843601895735,
        0.35059241706161137, 0.29389312977099236, 0.38750000000000007, 0.43053435114503813,
      ],
    },
  },
  {
    name: 'scrfd-500m',
    all: [0.834, 0.908],
    covered: [0.773, 0.864],
    unmasked: [0.829, 0.896],
    facecount: [0.847, 0.9],
    pycocotools: {
      all: [
        0.32335721149240026, 0.8303308571820435, 0.13500003804165617, 0.27745270716335346,
        0.343853495624117, 0.38808126874481735, 0.14392523364485982, 0.379305740987984,
        0.4349799732977303, 0.4046979865771812, 0.4346875, 0.5045801526717557,
      ],
      iscrowd: [
        0.3078424437512318, 0.8042518986666658, 0.12414978200993547, 0.2512461540145056,
        0.343853495624117, 0.38808126874481735, 0.12855450236966828, 0.34407582938388626,
        0.41386255924170623, 0.3666666666666667, 0.4346875, 0.5045801526717557,
      ],
    },
  },
  {
    name: 'scrfd-2.5g',
    all: [0.845, 0.921],
    covered: [0.787, 0.881],
    unmasked: [0.835, 0.907],
    facecount: [0.854, 0.909],
    files: [0.843, 0.785],
    pycocotools: {
      all: [
        0.3283217569110191, 0.8400488519529525, 0.1371364049580883, 0.29976736479146143,
        0.34364790904428344, 0.3871751263170198, 0.14445927903871827, 0.3883845126835781,
        0.4363150867823765, 0.4100671140939597, 0.434375, 0.5007633587786259,
      ],
      iscrowd: [
        0.3149113265931052, 0.8198608729300769, 0.1271490254171929, 0.27392880435495764,
        0.34364790904428344, 0.3871751263170198, 0.12914691943127962, 0.35308056872037913,
        0.41800947867298566, 0.37709923664122136, 0.434375, 0.5007633587786259,
      ],
    },
  },
];

/** Checks everything whose files are under `sharedRoot`, one printed line per number or group. */
export async function verifyCocoAsync(
  sharedRoot: string,
  print: (line: string) => void,
): Promise<Verified> {
  const at = (...parts: string[]): string => join(sharedRoot, 'data', ...parts);
  const needed = [
    at('masked', 'val.json'),
    at('facecount', 'val_bbx_gt.txt'),
    ...PEERS.flatMap(({ name }) => [
      at('peers', name, 'masked-val.json'),
      at('peers', name, 'facecount-val.json'),
    ]),
  ];
  const out = new Comparison(print);
  const missing = needed.filter((file) => !existsSync(file));
  for (const file of missing) out.missing(file);
  if (missing.length > 0) return out.result;
  out.heading("AP of the peers' files as their notes state it, and pycocotools' figures");
  const sets: Sets = {
    masked: await cocoProtocol.loadAsync(at('masked'), {}),
    strict: await cocoProtocol.loadAsync(at('masked'), { ignoreFlags: 'iscrowd' }),
    facecount: await cocoProtocol.loadAsync(at('facecount'), {}),
  };
  for (const peer of PEERS) await comparePeerAsync(out, peer, sets, at('peers', peer.name), print);
  return out.result;
}

/** The label files: masked faces with two meanings of "ignored", and groups. */
type Sets = Record<'masked' | 'strict' | 'facecount', EvalSet>;

async function comparePeerAsync(
  out: Comparison,
  peer: Peer,
  sets: Sets,
  folder: string,
  print: (line: string) => void,
): Promise<void> {
  const { name } = peer;
  const file = join(folder, 'masked-val.json');
  const onMasked = await evaluateAsync(sets.masked, file, name);
  for (const [key, label] of [
    ['all', 'all faces'],
    ['covered', 'masked and wrongly masked'],
    ['unmasked', 'unmasked'],
  ] as const) {
    checkStated(out, `${name} masked/val, ${label}`, peer[key], onMasked, label);
  }
  peer.files?.forEach((published, i) => {
    const label = ['all faces', 'masked and wrongly masked'][i]!;
    const what = `${name} masked/val, ${label}, of the files`;
    out.check(what, published, apAt(onMasked, label, 0.5), ROUNDING);
  });
  const onGroups = await evaluateAsync(sets.facecount, join(folder, 'facecount-val.json'), name);
  checkStated(out, `${name} facecount/val`, peer.facecount, onGroups, 'all faces');
  const onStrict = await evaluateAsync(sets.strict, file, name);
  for (const [flags, evaluation] of [
    ['all', onMasked],
    ['iscrowd', onStrict],
  ] as const) {
    const what = `${name} masked/val, ignored by ${flags}`;
    compareFigures(out, what, peer.pycocotools[flags], evaluation, print);
  }
}

/** The AP that notes state at two thresholds. */
function checkStated(
  out: Comparison,
  what: string,
  stated: Stated,
  evaluation: Evaluation,
  label: string,
): void {
  [0.5, 0.4].forEach((iou, i) => {
    out.check(`${what}, IoU ${iou}`, stated[i]!, apAt(evaluation, label, iou), FLOOR_TOLERANCE);
  });
}

/** pycocotools' figures, the first as a line of its own. */
function compareFigures(
  out: Comparison,
  what: string,
  published: readonly number[],
  ours: Evaluation,
  print: (line: string) => void,
): void {
  const values = tableOf(ours, 'COCO figures, all categories as one').rows.map(
    (row) => row[4] as number,
  );
  const worst = published.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - values[i]!)),
    0,
  );
  const bad = published.filter((value, i) => !(Math.abs(value - values[i]!) <= EXACT)).length;
  const figures = `${what}: AP of pycocotools' ${published.length} figures`;
  out.check(figures, published[0]!, values[0]!, EXACT);
  const rest = published.length - 1;
  const verdict = out.count(bad === 0, rest, Math.min(bad, rest));
  print(`  ${what}: largest difference of all ${worst.toExponential(1)}  ${verdict}`);
}

async function evaluateAsync(set: EvalSet, file: string, name: string): Promise<Evaluation> {
  const detections = await set.readDetectionsAsync([file], name);
  return set.evaluate(detections, { bootstrap: 0, level: 0.95, seed: 0 });
}

function tableOf(evaluation: Evaluation, title: string): ReportTable {
  const table = evaluation.tables.find((candidate) => candidate.title === title);
  if (!table) throw new Error(`There is no table "${title}".`);
  return table;
}

/** AP of a view at an IoU threshold. */
function apAt(evaluation: Evaluation, label: string, iou: number): number {
  const { columns, rows } = tableOf(evaluation, 'AP by IoU threshold');
  const row = rows.find((candidate) => candidate[0] === label);
  return row?.[columns.indexOf(`IoU ${iou}`)] as number;
}
