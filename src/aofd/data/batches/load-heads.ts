/** Cuts heads out of portraits with pixel classes, for `augment.headsInFront`. */
import { shareUnder } from '../augment/heads-in-front.js';
import { CutoutBank } from '../occluders/cutout-bank.js';
import { boxHeight, type DecodedImage, type Sample } from '../sample.js';
import { withPictureAsync } from './load-cutouts.js';
import { readPixelMap } from './pixel-map.js';
import { sameSize } from './stated-size.js';

/** Heads that are cut out; more of them only cost time. */
const MOST = 160;
/** Class of the pixels without anybody. */
const BACKGROUND = 0;
/** Of neck and clothes as much is taken as this share of the face's height below its box. */
const BELOW_FACE = 0.3;
/** Longest side of a head, px: it is pasted before faces of any size. */
const MAX_SIDE = 320;
/** Hands and microphones are background too: a head must fill its face's box by this share. */
const LEAST_FILLED = 0.8;

/**
 * Heads of evenly chosen portraits: all that is not background down to the neck, with the box of the face. None of a
 * face that something without a class of its own hides.
 * @param samples others than portraits with pixel classes are skipped
 * @param skipBroken also those that cannot be decoded; otherwise they are a DataError
 */
export async function loadHeads(
  samples: readonly Sample[],
  skipBroken = false,
): Promise<CutoutBank> {
  const bank = new CutoutBank();
  const portraits = samples.filter(({ pixelMap }) => pixelMap?.extent === 'portrait');
  const every = Math.max(1, Math.ceil(portraits.length / MOST));
  for (const sample of portraits.filter((_, i) => i % every === 0)) {
    const face = sample.faces.find(({ ignore }) => !ignore);
    const map = sample.pixelMap;
    if (!face || !map) continue;
    await withPictureAsync(sample, skipBroken, async (image) => {
      const { data } = sameSize(await readPixelMap(map), image, map.file);
      const lowest = face.box[3] + BELOW_FACE * boxHeight(face.box);
      const mask = headMask(data, image, lowest);
      if (shareUnder(face.box, image, (at) => mask[at] === 1) < LEAST_FILLED) return;
      bank.add(image, mask, face.box, { maxSide: MAX_SIDE, isFace: true });
    });
  }
  return bank;
}

/** Mask [H, W] of everybody above a row. */
function headMask(
  classes: Uint8Array,
  { width, height }: DecodedImage,
  lowest: number,
): Uint8Array {
  const mask = new Uint8Array(width * height);
  const end = width * Math.min(height, Math.floor(lowest) + 1);
  for (let at = 0; at < end; at++) mask[at] = classes[at] === BACKGROUND ? 0 : 1;
  return mask;
}
