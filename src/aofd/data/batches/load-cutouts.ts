/** Reads the portraits a CutoutBank is made from. */
import { CutoutBank } from '../occluders/cutout-bank.js';
import { decodeImage, decodeMaskPng } from '../files/decode.js';
import type { Sample } from '../sample.js';

/** Decodes the portraits and cuts their covering objects out. Samples without masks are skipped. */
export async function loadCutoutBank(samples: readonly Sample[]): Promise<CutoutBank> {
  const bank = new CutoutBank();
  for (const sample of samples) {
    const face = sample.faces[0];
    if (!sample.segmentation || !face) continue;
    const image = await decodeImage(sample.file);
    const mask = await decodeMaskPng(sample.segmentation.maskFile);
    bank.add(image, mask.data, face.box);
  }
  return bank;
}
