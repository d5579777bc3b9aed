/** Reads the portraits a CutoutBank is made from. */
import { CutoutBank } from '../occluders/cutout-bank.js';
import { drawnLabelsAsync } from '../drawn/labels.js';
import { decodeMaskPng } from '../files/decode.js';
import { readFaceParts } from './image-cache.js';
import { decodeStatedAsync, sameSize } from './stated-size.js';
import { DataError } from '../../errors.js';
import type { DecodedImage, Sample } from '../sample.js';

/** Pictures with pixel classes or outlines that are cut up; more of them only cost time. */
const MAX_PARSED = 60;

/**
 * Decodes the portraits and cuts their covering objects out. Samples without masks are skipped.
 * @param skipBroken also those that cannot be decoded; otherwise they are a DataError
 */
export async function loadCutoutBank(
  samples: readonly Sample[],
  skipBroken = false,
): Promise<CutoutBank> {
  const bank = new CutoutBank();
  const isFromLargeSet = ({ pixelMap, occluders }: Sample): boolean =>
    pixelMap?.extent === 'portrait' || occluders !== undefined;
  const parsed = samples.filter(isFromLargeSet).length;
  const every = Math.max(1, Math.ceil(parsed / MAX_PARSED));
  let seen = 0;
  for (const sample of samples) {
    const face = sample.faces.find(({ ignore }) => !ignore) ?? sample.faces[0];
    if (!face) continue;
    const isParsed = isFromLargeSet(sample) && seen++ % every === 0;
    if (!sample.segmentation && !isParsed) continue;
    await withPictureAsync(sample, skipBroken, async (image) => {
      bank.add(image, await coveredOf(sample, image), face.box);
    });
  }
  return bank;
}

/** Decodes a portrait to cut something out of it; with `skipBroken` one that cannot be used is passed over. */
export async function withPictureAsync(
  sample: Sample,
  skipBroken: boolean,
  cutAsync: (image: DecodedImage) => Promise<void>,
): Promise<void> {
  try {
    await cutAsync(await decodeStatedAsync(sample));
  } catch (error) {
    // Where the sample itself is drawn it is told of.
    if (!skipBroken || !(error instanceof DataError)) throw error;
  }
}

async function coveredOf(sample: Sample, image: DecodedImage): Promise<Uint8Array> {
  if (sample.occluders) {
    return (await drawnLabelsAsync(sample.occluders, sample.faces, image, 'covered')).covered;
  }
  if (!sample.segmentation) return (await readFaceParts(sample, image)).covered;
  const { maskFile } = sample.segmentation;
  return sameSize(await decodeMaskPng(maskFile), image, maskFile).data;
}
