/**
 * The page's sample photographs: parts of those of the npm package @vladmandic/face-api (a development
 * dependency, MIT licence), some with something painted over the faces by the program's own painter.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import {
  decodeImage,
  paintOccluder,
  PainterRng,
  type Box,
  type OccluderKind,
} from '../../../src/aofd/index.js';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const PACKAGE = path.join(ROOT, 'node_modules/@vladmandic/face-api');

/** One entry of demo/web/samples.json. */
export interface SampleSpec {
  name: string;
  /** File in the package's demo folder. */
  photo: string;
  /** x, y, width, height in pixels of the photograph. */
  crop: [number, number, number, number];
  /** Width of the result in pixels. */
  width: number;
  title: string;
  paint: { kind: OccluderKind; box: Box; seed: number }[];
}

export function readSpecs(): SampleSpec[] {
  const file = path.join(ROOT, 'demo/web/samples.json');
  return JSON.parse(fs.readFileSync(file, 'utf8')) as SampleSpec[];
}

/** Writes NAME.jpg and NAME.small.jpg of every sample, and the photographs' licence, into `folder`. */
export async function writeSamplesAsync(folder: string): Promise<void> {
  if (!fs.existsSync(PACKAGE)) {
    throw new Error(
      `the sample photographs are not installed (${path.relative(ROOT, PACKAGE)} is missing). ` +
        'Fix: run "npm ci" with development dependencies.',
    );
  }
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(PACKAGE, 'LICENSE'), path.join(folder, 'LICENSE.txt'));
  for (const spec of readSpecs()) {
    const picture = await pictureOfAsync(spec);
    await picture
      .clone()
      .resize(spec.width)
      .jpeg({ quality: 84, mozjpeg: true })
      .toFile(path.join(folder, `${spec.name}.jpg`));
    await picture
      .resize(320, 200)
      .jpeg({ quality: 78, mozjpeg: true })
      .toFile(path.join(folder, `${spec.name}.small.jpg`));
  }
}

async function pictureOfAsync({ photo, crop, paint }: SampleSpec): Promise<Sharp> {
  const image = await decodeImage(path.join(PACKAGE, 'demo', photo));
  const { width, height, data } = image;
  const mask = new Uint8Array(width * height);
  paint.forEach(({ kind, box, seed }, index) => {
    const face = { box, ignore: false, invalid: false };
    paintOccluder({ image, mask }, face, kind, new PainterRng(2024, seed, index));
  });
  const [left, top, w, h] = crop;
  const raw = sharp(data, { raw: { width, height, channels: 3 } });
  const part = await raw.extract({ left, top, width: w, height: h }).png().toBuffer();
  return sharp(part);
}
