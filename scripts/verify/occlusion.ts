/**
 * Evaluation of occlusion against what is known: the covered shares that the set's own list states,
 * detectors whose figures follow from the labels, and the figures published for the shipped weights.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage, decodeMaskPng } from '../../src/aofd/data/files/decode.js';
import { occlusionProtocol } from '../../src/aofd/eval/occlusion/protocol.js';
import { encodeRunLength } from '../../src/aofd/detect/rle.js';
import type { Detection, DetectionSet, EvalSet } from '../../src/aofd/eval/protocol.js';
import type { Detector } from '../../src/aofd/detect/detector.js';
import { Comparison, type Verified } from './comparison.js';

/** What `weights/aofd-lite.eval.json` states (`npm run results -- --publish` writes it); read in part. */
interface Published {
  figures: { occlusion: readonly { key: string; value: number }[] };
}

interface Entry {
  id: string;
  split: string;
  occlusion: number;
  width: number;
  height: number;
  box: [number, number, number, number];
}

const PUBLISHED = 'weights/aofd-lite.eval.json';
const WEIGHTS = 'weights/aofd-lite.safetensors';
/** The least score of the boxes that `aofd eval` judges. */
const SCORE_FLOOR = 0.02;

/** Adapters sum in different orders: a few pixels at the borders of masks may change sides. */
const ADAPTER_TOLERANCE = 0.002;

/** Checks everything whose files are under `sharedRoot`; the last part runs the detector. */
export async function verifyOcclusionAsync(
  sharedRoot: string,
  print: (line: string) => void,
): Promise<Verified> {
  const root = join(sharedRoot, 'data', 'occlusion-seg');
  const index = join(root, 'index.json');
  const out = new Comparison(print);
  if (!existsSync(index)) {
    out.missing(index);
    return out.result;
  }
  out.heading('Occlusion: stated shares, detectors whose figures are known, the shipped weights');
  const entries = (JSON.parse(readFileSync(index, 'utf8')) as Entry[]).filter(
    (entry) => entry.split === 'test',
  );
  await checkSharesAsync(root, entries, out);
  const set = await occlusionProtocol.loadAsync(root, {});
  await checkKnownAsync(root, entries, set, out);
  const missing = [PUBLISHED, WEIGHTS].filter((file) => !existsSync(file));
  if (missing.length > 0) for (const file of missing) out.missing(file);
  else {
    const detector = await detectorAsync();
    if (typeof detector === 'string') out.missing(detector);
    else await checkWeightsAsync(set, detector, out);
  }
  return out.result;
}

/** The share of the face region that each entry states, from the mask files. */
async function checkSharesAsync(root: string, entries: Entry[], out: Comparison): Promise<void> {
  let worst: Entry | undefined;
  let ours = 0;
  let difference = -1;
  for (const entry of entries) {
    const mask = await decodeMaskPng(join(root, 'masks', `${entry.id}.png`));
    const face = await decodeMaskPng(join(root, 'face', `${entry.id}.png`));
    let covered = 0;
    let all = 0;
    face.data.forEach((value, i) => {
      all += value;
      covered += value * mask.data[i]!;
    });
    if (Math.abs(covered / all - entry.occlusion) <= difference) continue;
    difference = Math.abs(covered / all - entry.occlusion);
    ours = covered / all;
    worst = entry;
  }
  if (!worst) return;
  const what = `stated covered share, worst of ${entries.length} (${worst.id})`;
  out.check(what, worst.occlusion, ours, 0.00006);
}

/** A detector that knows the labels, and one that calls everything covered. */
async function checkKnownAsync(
  root: string,
  entries: readonly Entry[],
  set: EvalSet,
  out: Comparison,
): Promise<void> {
  const knowing = new Map<string, Detection[]>();
  const blind = new Map<string, Detection[]>();
  let covered = 0;
  let pixels = 0;
  for (const { id, box, width, height } of entries) {
    const { data } = await decodeMaskPng(join(root, 'masks', `${id}.png`));
    const [x, y, w, h] = box;
    const corners = [x, y, x + w, y + h] as const;
    const window = { x: 0, y: 0, width, height };
    const all = new Uint8Array(data.length).fill(1);
    knowing.set(`images/${id}.jpg`, [
      { box: corners, score: 1, mask: encodeRunLength({ ...window, data }) },
    ]);
    blind.set(`images/${id}.jpg`, [
      { box: corners, score: 1, mask: encodeRunLength({ ...window, data: all }) },
    ]);
    for (let row = y; row < y + h; row++) {
      for (let col = x; col < x + w; col++) covered += data[row * width + col]!;
    }
    pixels += w * h;
  }
  const known = valuesOf(set, { name: 'labels', byImage: knowing, facts: [], warnings: [] });
  out.check('the labels as a detector: IoU', 1, known('occluder-iou'), 0);
  out.check('the labels as a detector: error of shares', 0, known('share-error'), 0);
  out.check('the labels as a detector: area under ROC', 1, known('covered-auc'), 0);
  const all = valuesOf(set, { name: 'all', byImage: blind, facts: [], warnings: [] });
  out.check(
    'everything covered: IoU is the covered share',
    covered / pixels,
    all('occluder-iou'),
    1e-12,
  );
  out.check('everything covered: area under ROC', 0.5, all('covered-auc'), 1e-12);
}

/** The detector with the shipped weights, or why there is none. */
async function detectorAsync(): Promise<Detector | string> {
  const { Detector: DetectorClass } = await import('../../src/aofd/detect/detector.js');
  return DetectorClass.createAsync({ weights: WEIGHTS, score: SCORE_FLOOR }).catch(
    (error: unknown) => `a WebGPU adapter for ${WEIGHTS} (${(error as Error).message})`,
  );
}

function readPublished(): Published {
  return JSON.parse(readFileSync(PUBLISHED, 'utf8')) as Published;
}

/** The shipped weights: detections end to end. */
async function checkWeightsAsync(set: EvalSet, detector: Detector, out: Comparison): Promise<void> {
  await using running = detector;
  const byImage = new Map<string, Detection[]>();
  for (const { name, file } of set.images) {
    const { faces } = await running.detectAsync(await decodeImage(file as string));
    byImage.set(
      name,
      faces.map(({ box, score, occlusion }) => ({
        box,
        score,
        ...(occlusion ? { occlusion: occlusion.ratio, mask: encodeRunLength(occlusion.mask) } : {}),
      })),
    );
  }
  const value = valuesOf(set, { name: 'aofd-lite', byImage, facts: [], warnings: [] });
  for (const { key, value: stated } of readPublished().figures.occlusion) {
    out.check(`aofd-lite on ${set.name}, ${key}`, stated, value(key), ADAPTER_TOLERANCE);
  }
}

function valuesOf(set: EvalSet, detections: DetectionSet): (key: string) => number {
  const { headlines } = set.evaluate(detections, { bootstrap: 0, level: 0.95, seed: 0 });
  return (key) => headlines.find((headline) => headline.key === key)?.value ?? Number.NaN;
}
