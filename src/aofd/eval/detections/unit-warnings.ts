/** Signs that a result file is in other units than its format has, which no single box shows. */
import { readPictureHeader } from '../../data/sets/image-size.js';
import type { DetectionSet, EvalImage } from '../protocol.js';

/** Pictures whose size is read. */
const MOST_PICTURES = 200;

/** Boxes that reach this far over the border, as a share of the picture, leave it. */
const BEYOND = 0.1;

/** One sentence for each kind of mistake in units that the boxes together look like. */
export function unitWarnings(
  { byImage }: Pick<DetectionSet, 'byImage'>,
  images: readonly EvalImage[],
): string[] {
  const faces = [...byImage.values()].flat();
  if (faces.length === 0) return [];
  const warnings: string[] = [];
  if (faces.every(({ box }) => box.every((value) => value >= 0 && value <= 1))) {
    warnings.push(
      'all boxes lie within 0 and 1: they look like shares of the picture, but pixels are expected; ' +
        'multiply them by its width and height.',
    );
  }
  const best = faces.reduce((most, { score }) => Math.max(most, score), -Infinity);
  if (best > 1) {
    warnings.push(
      `scores go up to ${best}: they are no probabilities (percent?), so that figures at a fixed score, ` +
        'such as 0.5, mean something else; the order of the scores, and with it AP, is not touched.',
    );
  }
  const [seen, outside] = countOutside(byImage, images);
  if (seen > 0 && outside > seen / 2) {
    warnings.push(
      `${outside} of ${seen} boxes leave their picture: they look like corners (x1, y1, x2, y2) where width ` +
        'and height are expected, or like boxes of pictures of another size.',
    );
  }
  return warnings;
}

function countOutside(
  byImage: DetectionSet['byImage'],
  images: readonly EvalImage[],
): [seen: number, outside: number] {
  let [seen, outside] = [0, 0];
  const present = images.filter(({ file, name }) => file !== null && byImage.get(name)?.length);
  for (const { file, name } of present.slice(0, MOST_PICTURES)) {
    const size = sizeOf(file as string);
    if (!size) continue;
    const { width, height } = size;
    for (const { box } of byImage.get(name) ?? []) {
      seen++;
      if (box[2] > width * (1 + BEYOND) || box[3] > height * (1 + BEYOND)) outside++;
    }
  }
  return [seen, outside];
}

function sizeOf(file: string): { width: number; height: number } | null {
  try {
    return readPictureHeader(file);
  } catch {
    return null; // whoever needs the picture tells of it
  }
}
