/** WIDER FACE: published figures beside ours. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Detection, DetectionSet, EvalSet } from '../../src/aofd/eval/protocol.js';
import { widerProtocol } from '../../src/aofd/eval/wider/protocol.js';
import { judgeWider } from '../../src/aofd/eval/wider/judge.js';
import { loadWiderMatAsync } from '../../src/aofd/eval/wider/annotations.js';
import type { WiderSet } from '../../src/aofd/eval/wider/set.js';
import { widerCurve } from '../../src/aofd/eval/wider/official.js';
import { Comparison, type Verified } from './comparison.js';

/** The predictions of the golden case (docs/spec.md 6.3): faces moved and scaled by a small generator. */
export function syntheticWider(set: Pick<WiderSet, 'images'>): DetectionSet {
  let state = 12345;
  const draw = (): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const byImage = new Map<string, Detection[]>();
  const add = (
    list: Detection[],
    x: number,
    y: number,
    w: number,
    h: number,
    score: number,
  ): void => {
    list.push({ box: [x, y, x + w, y + h], score });
  };
  for (const { name, faces } of set.images) {
    const list: Detection[] = [];
    for (let o = 0; o < faces.length; o += 4) {
      const [x, y] = [faces[o]!, faces[o + 1]!];
      const [w, h] = [faces[o + 2]! - x, faces[o + 3]! - y];
      const u = Array.from({ length: 6 }, draw) as [number, number, number, number, number, number];
      if (u[0] < 0.15) continue;
      const moved = [x + (u[1] - 0.5) * 0.4 * w, y + (u[2] - 0.5) * 0.4 * h] as const;
      add(list, ...moved, w * (0.8 + 0.4 * u[3]), h * (0.8 + 0.4 * u[4]), 0.3 + 0.7 * u[5]);
    }
    const wrong = Math.floor(3 * draw());
    for (let i = 0; i < wrong; i++) {
      const a = Array.from({ length: 4 }, draw) as [number, number, number, number];
      const side = 10 + 100 * a[2];
      add(list, 800 * a[0], 600 * a[1], side, side, 0.6 * a[3]);
    }
    byImage.set(name, list);
  }
  return { name: 'synthetic', byImage, facts: [], warnings: [] };
}

interface Golden {
  n: number;
  result: Record<
    string,
    { ap: number; count: number; final: [number, number]; at500: [number, number] }
  >;
}

/** Counts of docs/spec.md 6.3, measured with other programs; code 0 of the last four: all others. */
const LABEL_COUNTS: Record<string, readonly number[]> = {
  occlusion: [23812, 7185, 8711],
  blur: [5686, 10381, 23641],
  pose: [38053, 1655],
  illumination: [37410, 2298],
  expression: [39308, 400],
  invalid: [39123, 585],
};

async function verifyGoldenAsync(shared: string, out: Comparison): Promise<void> {
  const folder = join(shared, 'golden/data');
  const goldenFile = join(shared, 'golden/wider_synthetic.json');
  out.heading('WIDER FACE val: lists, and synthetic predictions scored by the official functions');
  const loaded = existsSync(folder) ? await loadWiderMatAsync(folder, { ignoreBelow: 10 }) : null;
  if (!loaded || !existsSync(goldenFile)) {
    out.missing(`${folder}/wider_{face,easy,medium,hard}_val.mat and ${goldenFile}`);
    return;
  }
  const { set } = loaded;
  const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden;
  out.check('images', 3226, set.images.length);
  out.check('faces', 39708, sum(set.images.map(({ faces }) => faces.length / 4)));
  for (const [label, counts] of Object.entries(LABEL_COUNTS)) {
    counts.forEach((count, code) => {
      const marks = set.images.map(
        ({ labels }) => labels[label as 'blur']?.filter((value) => value === code).length ?? 0,
      );
      out.check(`faces with ${label} ${code}`, count, sum(marks));
    });
  }
  const detections = syntheticWider(set);
  const scores = [...detections.byImage.values()].flat().map(({ score }) => score);
  out.check('synthetic predictions', golden.n, scores.length);
  out.check('sum of their scores', 22764.958839, sum(scores), 5e-7);
  const judged = judgeWider(set, detections);
  set.settings.forEach(({ name }, s) => {
    const expected = golden.result[name]!;
    const { ap, positives, proposals, hits } = widerCurve(judged.events[s]!);
    out.check(`AP ${name}`, expected.ap, ap, 1e-14);
    out.check(`faces, ${name}`, expected.count, positives);
    out.check(`predictions judged, ${name}`, expected.final[0], proposals[999]!);
    out.check(`faces found, ${name}`, expected.final[1], hits[999]!);
    out.check(`predictions judged at threshold 500, ${name}`, expected.at500[0], proposals[499]!);
    out.check(`faces found at threshold 500, ${name}`, expected.at500[1], hits[499]!);
  });
}

/** AP of peers on facecount/val as the data's notes state them (three decimals, other floor). */
const PEERS: Record<string, number> = {
  'yunet-2026may': 0.848,
  'scrfd-500m': 0.847,
  'scrfd-2.5g': 0.854,
};

async function verifyPeersAsync(shared: string, out: Comparison): Promise<void> {
  const data = join(shared, 'data/facecount');
  out.heading('facecount/val (WIDER text format): plain AP at IoU 0.5 of published result files');
  if (!existsSync(join(data, 'val_bbx_gt.txt'))) {
    out.missing(`${data}/val_bbx_gt.txt`);
    return;
  }
  const set: EvalSet = await widerProtocol.loadAsync(data, { annotations: 'val_bbx_gt.txt' });
  for (const [peer, expected] of Object.entries(PEERS)) {
    const file = join(shared, 'data/peers', peer, 'facecount-val.json');
    if (!existsSync(file)) {
      out.missing(file);
      continue;
    }
    const detections = await set.readDetectionsAsync([file], peer);
    const settings = { bootstrap: 0, level: 0.95, seed: 0 };
    const { headlines } = set.evaluate(detections, settings);
    // Stated for a score floor of 0.02 and 300 boxes; the files have 0.03 and 150.
    out.check(peer, expected, headlines.find(({ key }) => key === 'ap50')!.value, 0.002);
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * Compares our figures with those of the official functions and of the data's notes.
 * @param sharedRoot folder with `golden` and `data`
 */
export async function verifyWiderAsync(
  sharedRoot: string,
  print: (line: string) => void,
): Promise<Verified> {
  const out = new Comparison(print);
  await verifyGoldenAsync(sharedRoot, out);
  await verifyPeersAsync(sharedRoot, out);
  return out.result;
}
