/**
 * `npm run evaluate -- --weights W --data DIR --out FILE.json [--device NAME] [--limit N]`:
 * the validation figures of a model card. Needs the data sets `facecount`, `masked` and
 * `occlusion-seg` under DIR and says which are missing.
 *
 * Protocol: IoU at least 0.5, continuous corners, all-point AP, `ignore` faces neither right nor
 * wrong (facecount: faces under 10 px), faces of the other class ignored in a view; score floor 0.02,
 * at most 300 boxes, pictures in stored pixels. Occlusion: the masks of the detections with score at
 * least 0.5, end to end, over the pixels inside the true boxes.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Device } from '../src/nn/index.js';
import { atomicWriteFile, sha256FileAsync } from '../src/nn/io/files/index.js';
import { loadCoco } from '../src/aofd/data/sets/coco.js';
import { decodeImage, decodeMaskPng } from '../src/aofd/data/files/decode.js';
import { loadOcclusionSeg } from '../src/aofd/data/sets/occlusion-seg.js';
import type { Sample } from '../src/aofd/data/sample.js';
import { loadWider } from '../src/aofd/data/sets/wider.js';
import {
  countPixels,
  evaluateViews,
  newPixelCounts,
  occlusionRatios,
  pixelScores,
  ratioError,
  type GroupedImage,
} from '../src/aofd/eval/index.js';
import { Detector } from '../src/aofd/detect/detector.js';

const scoreFloor = 0.02;
const maskScore = 0.5;

const { values: args } = parseArgs({
  options: {
    weights: { type: 'string', default: 'weights/aofd-lite.safetensors' },
    data: { type: 'string', default: '../shared/data' },
    out: { type: 'string' },
    device: { type: 'string' },
    limit: { type: 'string' },
  },
});
const root = args.data;
const limit = args.limit ? Number(args.limit) : Number.POSITIVE_INFINITY;
const missing = ['facecount/val_bbx_gt.txt', 'masked/val.json', 'occlusion-seg/index.json'].filter(
  (name) => !existsSync(join(root, name)),
);
if (missing.length > 0) {
  process.stderr.write(`Missing under ${root}: ${missing.join(', ')}. Fix: pass --data DIR.\n`);
  process.exit(1);
}

const device = await Device.createAsync(args.device ? { adapter: args.device } : {});
const detector = await Detector.createAsync({ weights: args.weights, device, score: scoreFloor });

async function detectAllAsync(
  samples: readonly Sample[],
): Promise<{ images: GroupedImage[]; msPerImage: number }> {
  const images: GroupedImage[] = [];
  let totalMs = 0;
  for (const [i, sample] of samples.entries()) {
    const start = performance.now();
    const { faces } = await detector.detectAsync(await decodeImage(sample.file), {
      occlusion: false,
      maxDetections: 300,
    });
    if (i > 0) totalMs += performance.now() - start;
    images.push({
      boxes: Float64Array.from(faces.flatMap((face) => [...face.box])),
      scores: Float64Array.from(faces, (face) => face.score),
      gt: Float64Array.from(
        sample.faces.flatMap(({ box: [x1, y1, x2, y2] }) => [x1, y1, x2 + 1, y2 + 1]),
      ),
      ignore: Uint8Array.from(sample.faces, (face) => (face.ignore || face.invalid ? 1 : 0)),
      groups: sample.faces.map((face) => face.attributes?.cover ?? 'unknown'),
    });
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1}/${samples.length} `);
  }
  return { images, msPerImage: totalMs / Math.max(1, samples.length - 1) };
}

const views = { all: null, covered: ['masked', 'incorrect'], unmasked: ['unmasked'] };
const report: Record<string, unknown> = {
  weights: { file: args.weights, sha256: await sha256FileAsync(args.weights) },
  adapter: device.adapter.description,
  protocol: { iou: 0.5, ap: 'all-point', scoreFloor, maxDetections: 300, maskScore },
};

const masked = await detectAllAsync(
  loadCoco(join(root, 'masked/val.json'), {
    imageRoot: join(root, 'masked'),
    source: 'masked',
  }).slice(0, limit),
);
const facecount = await detectAllAsync(
  loadWider(join(root, 'facecount/val_bbx_gt.txt'), {
    imageRoot: join(root, 'facecount/images'),
    source: 'facecount',
    ignoreBelowPx: 10,
  }).slice(0, limit),
);
for (const iou of [0.5, 0.4]) {
  const result: Record<string, unknown> = {};
  for (const [view, { ap, recall, positives }] of Object.entries(
    evaluateViews(masked.images, views, { iou }),
  )) {
    result[`masked/val ${view}`] = { ap, recall, faces: positives };
  }
  const { all } = evaluateViews(facecount.images, { all: null }, { iou });
  result['facecount/val'] = { ap: all?.ap, recall: all?.recall, faces: all?.positives };
  report[`iou ${iou}`] = result;
}

const counts = newPixelCounts();
const predictedRatios: number[] = [];
const trueRatios: number[] = [];
let found = 0;
const portraits = loadOcclusionSeg(join(root, 'occlusion-seg'), {
  split: 'test',
  source: 'occlusion-seg',
}).slice(0, limit);
for (const sample of portraits) {
  const image = await decodeImage(sample.file);
  const labels = (await decodeMaskPng(sample.segmentation?.maskFile as string)).data.map((v) =>
    v > 0 ? 1 : 0,
  );
  const { faces } = await detector.detectAsync(image);
  const predicted = new Uint8Array(image.width * image.height);
  const confident = faces.filter((face) => face.score >= maskScore && face.occlusion !== null);
  for (const { occlusion } of confident) {
    const { x, y, width, height, data } = occlusion!.mask;
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) {
        if (data[row * width + col]) predicted[(y + row) * image.width + x + col] = 1;
      }
    }
  }
  if (confident.length > 0) found++;
  const boxes = Float64Array.from(sample.faces.flatMap((face) => [...face.box]));
  countPixels(predicted, labels, boxes, image, counts);
  predictedRatios.push(...occlusionRatios(predicted, boxes, image));
  trueRatios.push(...occlusionRatios(labels, boxes, image));
}
report['occlusion-seg/test'] = {
  pictures: portraits.length,
  withFace: found,
  ...pixelScores(counts),
  ratio: ratioError(predictedRatios, trueRatios),
};
report['msPerImage'] = { masked: masked.msPerImage, facecount: facecount.msPerImage };

const text = `${JSON.stringify(report, null, 2)}\n`;
process.stdout.write(text);
if (args.out) atomicWriteFile(args.out, text);
detector.dispose();
await device.destroyAsync();
