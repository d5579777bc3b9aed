/** The faces that Node finds with the weights that pages load: what browsers are compared with. */
import { parseSafetensors } from '../../src/nn/io/index.js';
import { Detector } from '../../src/aofd/detect/detector.js';
import {
  defaultWeightsFile,
  readWeightsAsync,
} from '../../src/aofd/weights/files/detector-weights.js';
import { webWeights } from '../../src/aofd/weights/web-weights.js';
import type { Outcome } from './outcome.js';

/** Photographs whose faces are compared with Node's, by their number. */
export const COMPARED = [1, 2, 3, 4, 5, 6];

const photograph = (i: number): string => `node_modules/@vladmandic/face-api/demo/sample${i}.jpg`;

/** The detector in Node with the weights that pages load. */
export async function nodeFacesAsync(): Promise<Outcome[]> {
  const weights = parseSafetensors(webWeights(await readWeightsAsync(defaultWeightsFile())));
  await using detector = await Detector.createAsync({ weights });
  const found: Outcome[] = [];
  for (const i of COMPARED) {
    const { faces, width, height } = await detector.detectAsync(photograph(i));
    const plain = faces.map(({ box, score, occlusion }) => ({
      box: [...box],
      score,
      ratio: occlusion?.ratio,
      covered: occlusion?.mask.data.reduce((sum, v) => sum + v, 0) ?? 0,
    }));
    found.push({ faces: plain, width, height });
  }
  return found;
}
