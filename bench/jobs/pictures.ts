/** Photographs to detect on: given ones, the samples of a development package, or drawn ones. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import sharp from 'sharp';
import { listPictures, type PictureFile } from '../../src/aofd/detect/files/detect-files.js';
import { randomData } from '../cases/data.js';
import { packageRoot } from '../../src/nn/platform/node/packages.js';

/** Pictures of one size in a folder of their own. */
export interface PictureSet {
  files: PictureFile[];
  /** Where they came from, for the report. */
  source: string;
  dispose(): void;
}

/** Sample photographs of @vladmandic/face-api, where it is installed. */
export function samplePhotographs(): string[] {
  const folder = path.join(packageRoot(), 'node_modules/@vladmandic/face-api/demo');
  if (!fs.existsSync(folder)) return [];
  return listPictures([folder])
    .map(({ file }) => file)
    .filter((file) => /sample\d+\.jpg$/.test(file));
}

/** Noise with soft blocks: what a picture costs, not what it shows. */
async function drawnAsync(file: string, width: number, height: number): Promise<void> {
  const small = randomData(24 * 18 * 3, 9, 120).map((v) => v + 128);
  await sharp(Buffer.from(Uint8Array.from(small)), { raw: { width: 24, height: 18, channels: 3 } })
    .resize(width, height, { kernel: 'cubic' })
    .jpeg({ quality: 90 })
    .toFile(file);
}

/** `count` JPEG files of width x height; cut to that shape, sources in turn. */
export async function preparePicturesAsync(
  given: readonly string[],
  size: { width: number; height: number },
  count: number,
): Promise<PictureSet> {
  const { width, height } = size;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-bench-'));
  const chosen =
    given.length > 0 ? listPictures(given).map(({ file }) => file) : samplePhotographs();
  const files: PictureFile[] = [];
  for (let i = 0; i < Math.max(1, Math.min(count, chosen.length || 4)); i++) {
    const file = path.join(folder, `${i}.jpg`);
    const from = chosen[i % Math.max(1, chosen.length)];
    if (from === undefined) await drawnAsync(file, width, height);
    else {
      await sharp(from)
        .rotate()
        .resize(width, height, { fit: 'cover' })
        .jpeg({ quality: 90 })
        .toFile(file);
    }
    files.push({ file, name: path.basename(file) });
  }
  const unique = files.length;
  for (let i = unique; i < count; i++) files.push(files[i % unique] as PictureFile);
  return {
    files,
    source:
      given.length > 0
        ? `${chosen.length} given pictures`
        : chosen.length > 0
          ? 'samples of @vladmandic/face-api'
          : 'drawn pictures',
    dispose: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
