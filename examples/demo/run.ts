/**
 * `npm run demo`: detects faces in the sample photographs of the npm package @vladmandic/face-api (a
 * development dependency, MIT licence), then paints masks, sunglasses, scarves and hands over some
 * of the faces found, with a fixed seed, and detects again. Writes annotated PNG files and
 * detections.json to demo-out/.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  annotatedPngAsync,
  decodeImage,
  Detector,
  paintOccluder,
  PainterRng,
  type Box,
  type DecodedImage,
  type DetectedFace,
  type FaceRecord,
  type OccluderKind,
} from '../../src/aofd/index.js';
import { packageVersion } from '../../src/aofd/cli/common.js';
import { formatError } from '../../src/aofd/cli/errors.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const samples = path.join(root, 'node_modules/@vladmandic/face-api/demo');
/** What is painted, in turn; null leaves a face as it is. */
const KINDS: readonly (OccluderKind | null)[] = [
  'medical-mask',
  'sunglasses',
  'hand',
  null,
  'scarf',
];
/** Photographs that are painted too. */
const PAINTED = ['sample1', 'sample3', 'sample5', 'sample6'];

/** One painted face: what it is, and the share of the box that it truly covers. */
interface PaintedFace {
  box: Box;
  kind: OccluderKind;
  ratio: number;
}

interface Picture {
  name: string;
  image: DecodedImage;
  painted: PaintedFace[];
}

interface Row {
  file: string;
  width: number;
  height: number;
  timeMs: number;
  faces: FaceRecord[];
  painted?: PaintedFace[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(root, 'demo-out') },
      weights: { type: 'string' },
      device: { type: 'string' },
    },
  });
  const start = performance.now();
  const files = sampleFiles();
  fs.mkdirSync(values.out, { recursive: true });
  await using detector = await Detector.createAsync({
    ...(values.weights === undefined ? {} : { weights: values.weights }),
    ...(values.device === undefined ? {} : { device: values.device }),
  });
  const { adapter, notice } = detector.device;
  if (notice) print(notice);
  print(`adapter: ${adapter.description || adapter.device}`);
  print(`weights: ${path.relative(root, detector.weights.file ?? '')}`);
  print(`kernels compiled in ${((await detector.warmUpAsync()) / 1000).toFixed(1)} s\n`);
  print(line('picture', 'faces', 'time', 'painted over (true share: what the detector says)'));
  const rows: Row[] = [];
  for (const file of files) {
    const image = await decodeImage(file, { autoOrient: true });
    const plain = { name: path.parse(file).name, image, painted: [] };
    const faces = await showAsync(detector, plain, values.out, rows);
    if (!PAINTED.includes(plain.name)) continue;
    await showAsync(detector, paintedCopy(plain, faces, rows.length), values.out, rows);
  }
  const document = {
    version: packageVersion(),
    adapter: { name: adapter.description || adapter.device, kind: adapter.kind },
    weights: { ...detector.weights, file: path.relative(root, detector.weights.file ?? '') },
    images: rows,
  };
  fs.writeFileSync(path.join(values.out, 'detections.json'), `${JSON.stringify(document)}\n`);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(
    `\n${rows.length} pictures and detections.json are in ${relative(values.out)} (${seconds} s).`,
  );
  print('Pink marks what covers a face.');
}

function sampleFiles(): string[] {
  if (!fs.existsSync(samples)) {
    throw new Error(
      `the sample photographs are not installed (${relative(samples)} is missing). ` +
        'Fix: run "npm ci" (with development dependencies) first.',
    );
  }
  const names = fs.readdirSync(samples).filter((name) => /^sample\d+\.jpg$/.test(name));
  return names.sort().map((name) => path.join(samples, name));
}

/** Detects, writes the annotated picture, prints its lines. */
async function showAsync(
  detector: Detector,
  picture: Picture,
  out: string,
  rows: Row[],
): Promise<DetectedFace[]> {
  const { name, image, painted } = picture;
  const { faces, timeMs, width, height } = await detector.detectAsync(image);
  fs.writeFileSync(path.join(out, `${name}.png`), await annotatedPngAsync(image, faces));
  rows.push({
    file: `${name}.png`,
    width,
    height,
    timeMs: Math.round(timeMs),
    faces: faces.map((face) => face.toJSON()),
    ...(painted.length > 0 ? { painted } : {}),
  });
  const covers = painted.map(({ box, kind, ratio }) => {
    const face = faces.find((f) => overlap(box, f.box) > 0.5);
    const got = face?.occlusion ? percent(face.occlusion.ratio) : 'face missed';
    return `${kind} ${percent(ratio)}: ${got}`;
  });
  print(line(name, String(faces.length), `${Math.round(timeMs)} ms`, covers.join(', ')));
  return faces;
}

/** A copy with something painted over most of the faces. */
function paintedCopy(picture: Picture, faces: readonly DetectedFace[], seed: number): Picture {
  const image = { ...picture.image, data: picture.image.data.slice() };
  const painted: PaintedFace[] = [];
  [...faces]
    .filter((face) => face.score > 0.7)
    .sort((a, b) => a.box[0] - b.box[0])
    .forEach((face, i) => {
      const kind = KINDS[(i + seed) % KINDS.length];
      if (!kind) return;
      const [x1, y1, x2, y2] = face.box.map(Math.round) as Box;
      const box: Box = [x1, y1, x2 - 1, y2 - 1]; // the painter's boxes are inclusive
      const mask = new Uint8Array(image.width * image.height);
      const face2 = { box, ignore: false, invalid: false };
      paintOccluder({ image, mask }, face2, kind, new PainterRng(2024, seed, i));
      painted.push({ box: [x1, y1, x2, y2], kind, ratio: shareOf(mask, image.width, box) });
    });
  return { name: `${picture.name}-painted`, image, painted };
}

function shareOf(mask: Uint8Array, width: number, [x1, y1, x2, y2]: Box): number {
  let covered = 0;
  for (let y = y1; y <= y2; y++) for (let x = x1; x <= x2; x++) covered += mask[y * width + x] ?? 0;
  return covered / ((x2 - x1 + 1) * (y2 - y1 + 1));
}

/** Intersection over union. */
function overlap(a: readonly number[], b: readonly number[]): number {
  const [ax1 = 0, ay1 = 0, ax2 = 0, ay2 = 0] = a;
  const [bx1 = 0, by1 = 0, bx2 = 0, by2 = 0] = b;
  const w = Math.min(ax2, bx2) - Math.max(ax1, bx1);
  const h = Math.min(ay2, by2) - Math.max(ay1, by1);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - w * h);
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const relative = (file: string): string => path.relative(process.cwd(), file) || '.';

function line(name: string, faces: string, time: string, covers: string): string {
  return `${name.padEnd(17)}${faces.padStart(5)}${time.padStart(10)}  ${covers}`.trimEnd();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().then(
  () => process.stdout.write('', () => process.exit(0)),
  (error: unknown) => {
    process.stderr.write(`${formatError(error)}\n`);
    process.exit(1);
  },
);
