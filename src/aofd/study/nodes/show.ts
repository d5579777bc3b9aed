/** A trained detector on the pictures of a figure: a JPEG for each, and `show.json` with the numbers. */
import { join } from 'node:path';
import sharp from 'sharp';
import { atomicWriteFile } from '../../../nn/io/files/index.js';
import type { Config } from '../../config/index.js';
import { Detector } from '../../detect/detector.js';
import type { Raster } from '../../detect/drawing/draw.js';
import { inspectAsync } from '../../detect/inspect/inspect.js';
import { withoutCloserLooks } from '../../detect/settings.js';
import { readWeightsAsync } from '../../weights/files/detector-weights.js';
import { figurePictureAsync, picturesOf } from '../figure-pictures.js';
import type { ShowNode } from '../plan.js';
import type { NodeContext } from './context.js';
import { drawPicture } from './picture.js';
import { SHOWN, type Shown, type ShownPicture } from './shown.js';
import { weightsOf } from './train.js';

const LONGEST_SIDE = 560;
/** Least score that a figure shows, where the study does not say. */
const SCORE = 0.5;
/** Least score that true faces are looked up with: faces that are not found have one too, if any box fits. */
const LEAST_SCORE = 0.01;

/** Draws the figure's pictures. @returns time, ms; null when the signal ended it */
export async function showNodeAsync(node: ShowNode, context: NodeContext): Promise<number | null> {
  const { folder, store, device, loaded, signal } = context;
  const started = performance.now();
  const { config, figure } = node;
  const sized = (maxSize: number): Config =>
    withoutCloserLooks({ ...config, input: { ...config.input, testShortSide: null, maxSize } });
  await using detector = await Detector.createAsync({
    weights: await readWeightsAsync(weightsOf(store, node.parent)),
    config: figure.longSide === undefined ? config : sized(figure.longSide),
    device,
    score: Math.min(figure.score ?? SCORE, LEAST_SCORE),
  });
  const pictures: ShownPicture[] = [];
  for (const [i, picture] of picturesOf(loaded.root, figure).entries()) {
    if (signal?.aborted) return null;
    const image = await figurePictureAsync(picture);
    const inspection = await inspectAsync(detector, image);
    const { raster, told } = drawPicture(image, {
      kind: figure.kind,
      inspection,
      truths: picture.faces,
      score: figure.score ?? SCORE,
      stride: config.model.roiStride,
    });
    const name = `${i}.jpg`;
    atomicWriteFile(join(folder, name), await jpegAsync(raster), { flush: false });
    pictures.push({ image: name, ...told });
  }
  atomicWriteFile(join(folder, SHOWN), `${JSON.stringify({ pictures } satisfies Shown)}\n`);
  return performance.now() - started;
}

async function jpegAsync({ width, height, data }: Raster): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 86 })
    .toBuffer();
}
