/** MAFA: the worked example beside ours, and the label files' counts where they are at hand. */
import { averagePrecision, prCurve } from '../../src/aofd/eval/statistics/ap.js';
import {
  mafaMatching,
  mafaView,
  squareBoxes,
  type MafaSetting,
  type SquareRule,
} from '../../src/aofd/eval/mafa/match.js';
import { boxIou } from '../../src/aofd/boxes/index.js';
import { findFile } from '../../src/aofd/eval/detections/find-file.js';
import { readMafaAsync } from '../../src/aofd/eval/mafa/annotations.js';
import { EXAMPLE } from '../../test/aofd/eval/mafa/example.js';
import { Comparison, type Verified } from './comparison.js';

/** Image, detection, face and IoU of their squares. */
const IOUS: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 0, 0.7243],
  [0, 1, 1, 0.8264],
  [0, 2, 2, 0.6944],
  [1, 0, 0, 0.6233],
  [1, 1, 0, 0.8264],
  [1, 2, 1, 0.7972],
];

const RULES: Record<SquareRule, number> = {
  max: 0.7243,
  mean: 0.907,
  sqrt: 0.9201,
  width: 0.8556,
  none: 0.7961,
};

const SETTINGS: Record<MafaSetting, number> = {
  all: 1,
  masked: 0.75,
  'without-ignored': 1,
  'without-ignored-strict': 0.916667,
};

/** Images of the published label files. */
const COUNTS = { 'LabelTestAll.mat': 4935, 'LabelTrainAll.mat': 25876 };

/**
 * Compares our figures with the worked example of the protocol.
 * @param sharedRoot folder that is searched for MAFA's label files
 */
export async function verifyMafaAsync(
  sharedRoot: string,
  print: (line: string) => void,
): Promise<Verified> {
  const out = new Comparison(print);
  out.heading('MAFA: worked example of the protocol');
  for (const [image, d, g, expected] of IOUS) {
    const { boxes, gt } = EXAMPLE[image]!;
    const iou = boxIou(squareBoxes(boxes, 'max'), d, squareBoxes(gt, 'max'), g, 'continuous');
    out.check(`IoU of squares, image ${'ab'[image]}, detection ${d + 1}`, expected, iou, 5e-5);
  }
  for (const [rule, expected] of Object.entries(RULES) as [SquareRule, number][]) {
    const { boxes, gt } = EXAMPLE[0]!;
    const iou = boxIou(squareBoxes(boxes, rule), 0, squareBoxes(gt, rule), 0, 'continuous');
    out.check(`IoU of the first detection, square rule ${rule}`, expected, iou, 5e-5);
  }
  for (const [setting, expected] of Object.entries(SETTINGS) as [MafaSetting, number][]) {
    const curve = prCurve(mafaView(EXAMPLE, setting), mafaMatching());
    out.check(`AP ${setting}`, expected, averagePrecision(curve), 5e-7);
  }
  for (const [file, expected] of Object.entries(COUNTS)) {
    const found = findFile(sharedRoot, file, 5);
    if (!found) {
      out.missing(`${file} of MAFA under ${sharedRoot} (no detections on MAFA are published)`);
      continue;
    }
    const { set } = await readMafaAsync(found, null);
    out.check(`images in ${file}`, expected, set.images.length);
  }
  return out.result;
}
