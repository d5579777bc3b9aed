/** Reads the portraits a CutoutBank is made from. */
import { CutoutBank } from '../occluders/cutout-bank.js';
import { decodeImage, decodeMaskPng } from '../files/decode.js';
import { readFaceParts } from './image-cache.js';
import type { Sample } from '../sample.js';

/** Portraits with pixel classes that are cut up; more of them only cost time. */
const MAX_PARSED = 60;

/** Decodes the portraits and cuts their covering objects out. Samples without masks are skipped. */
export async function loadCutoutBank(samples: readonly Sample[]): Promise<CutoutBank> {
  const bank = new CutoutBank();
  const parsed = samples.filter((sample) => sample.pixelMap?.extent === 'portrait').length;
  const every = Math.max(1, Math.ceil(parsed / MAX_PARSED));
  let seen = 0;
  for (const sample of samples) {
    const face = sample.faces.find(({ ignore }) => !ignore) ?? sample.faces[0];
    if (!face) continue;
    if (sample.segmentation) {
      const image = await decodeImage(sample.file);
      const mask = await decodeMaskPng(sample.segmentation.maskFile);
      bank.add(image, mask.data, face.box);
    } else if (sample.pixelMap?.extent === 'portrait' && seen++ % every === 0) {
      const image = await decodeImage(sample.file);
      bank.add(image, (await readFaceParts(sample, image)).covered, face.box);
    }
  }
  return bank;
}
