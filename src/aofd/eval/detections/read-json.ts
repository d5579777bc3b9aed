/** Detections in JSON: COCO results, `aofd detect` documents, and plain lists per image. */
import { DataError } from '../../errors.js';
import type { DetectionCollector } from './collect.js';
import type { JsonValue } from './json-values.js';
import { checkRuns, decodeCocoCounts, runsOfCoco } from '../occlusion/runs.js';
import type { RunLengthMask } from '../../detect/rle.js';
import type { Detection } from '../protocol.js';

/**
 * Reads `{detector?, images: [{file, faces: [{box: [x1, y1, x2, y2], score}]}]}`, one entry per image;
 * a face may have `category`.
 * @throws DataError naming file and JSON path
 */
export function readPeerJson(root: JsonValue, into: DetectionCollector): void {
  const detector = root.at('detector');
  if (detector.isGiven) into.addFact('detector named in the file', detector.text());
  for (const entry of root.at('images').list()) {
    const image = into.openImage(entry.at('file').text(), entry.at('file').where);
    for (const item of entry.at('faces').list()) {
      const category = item.at('category');
      const face: Detection = {
        box: cornersOf(item.at('box')),
        score: item.at('score').number(),
        ...(category.isGiven ? { category: category.integer() } : {}),
      };
      if (image !== null) into.add(image, face, item.where);
    }
  }
}

/**
 * Reads the document of `aofd detect`: as {@link readPeerJson}, with `weights`, `adapter`, and per
 * face `occlusion: {ratio, mask?: {x, y, width, height, counts}}`.
 * @throws DataError naming file and JSON path
 */
export function readDetectJson(root: JsonValue, into: DetectionCollector): void {
  const weights = root.at('weights');
  if (weights.isObject && weights.at('sha256').isGiven) {
    into.addFact('weights SHA-256', weights.at('sha256').text());
  }
  const adapter = root.at('adapter');
  if (adapter.isObject) into.addFact('adapter', adapter.at('name').text());
  if (root.at('version').isGiven) into.addFact('written by aofd', root.at('version').text());
  const errors = root.at('errors');
  if (errors.isGiven && errors.list().length > 0) {
    into.addWarning(
      `${errors.where}: ${errors.list().length} pictures could not be read when faces were ` +
        'detected; they count as pictures without detections.',
    );
  }
  for (const entry of root.at('images').list()) {
    const image = into.openImage(entry.at('file').text(), entry.at('file').where);
    for (const item of entry.at('faces').list()) {
      const face = detectedFace(item);
      if (image !== null) into.add(image, face, item.where);
    }
  }
}

function detectedFace(item: JsonValue): Detection {
  const face: Detection = {
    box: cornersOf(item.at('box')),
    score: item.at('score').number(),
  };
  const occlusion = item.at('occlusion');
  if (!occlusion.isGiven) return face;
  face.occlusion = occlusion.at('ratio').number();
  const mask = occlusion.at('mask');
  if (mask.isGiven) {
    face.mask = checked(mask, () => ({
      x: mask.at('x').integer(),
      y: mask.at('y').integer(),
      width: mask.at('width').integer(),
      height: mask.at('height').integer(),
      counts: mask
        .at('counts')
        .list()
        .map((count) => count.integer()),
    }));
  }
  return face;
}

/**
 * Reads COCO results: a list of `{image_id, category_id?, bbox: [x, y, w, h], score,
 * segmentation?: {size, counts}}`. A segmentation is taken as the covered pixels of the face.
 * @param imageIds image names by COCO id; without it `image_id` must be a name
 * @throws DataError naming file and JSON path
 */
export function readCocoResults(
  root: JsonValue,
  into: DetectionCollector,
  imageIds?: ReadonlyMap<number, string>,
): void {
  for (const item of root.list()) {
    const id = item.at('image_id');
    const [x, y, w, h] = item.at('bbox').numbers(4) as [number, number, number, number];
    if (w < 0 || h < 0) {
      throw new DataError(
        'box-invalid',
        `the box has a negative size (x y w h = ${[x, y, w, h].join(' ')}).`,
        { where: item.at('bbox').where, fix: 'boxes of COCO results are left, top, width, height' },
      );
    }
    const category = item.at('category_id');
    const segmentation = item.at('segmentation');
    const face: Detection = {
      box: [x, y, x + w, y + h],
      score: item.at('score').number(),
      ...(category.isGiven ? { category: category.integer() } : {}),
      ...(segmentation.isGiven ? { mask: cocoMask(segmentation) } : {}),
    };
    const image = into.resolve(imageNameOf(id, imageIds), id.where);
    if (image !== null) into.add(image, face, item.where);
  }
}

function imageNameOf(id: JsonValue, imageIds?: ReadonlyMap<number, string>): string {
  if (typeof id.value === 'string') return id.text();
  const number = id.integer();
  if (!imageIds) {
    throw new DataError(
      'list-malformed',
      `image_id ${number} means nothing here, for this set has no COCO ids.`,
      { where: id.where, fix: 'give image names as image_id, or use a csv' },
    );
  }
  return imageIds.get(number) ?? `COCO id ${number}`;
}

function cocoMask(segmentation: JsonValue): RunLengthMask {
  if (!segmentation.isObject) throw segmentation.error('run lengths {size, counts}, not polygons');
  const size = segmentation.at('size').numbers(2) as [number, number];
  const counts = segmentation.at('counts');
  return checked(segmentation, () =>
    runsOfCoco(
      counts.isList
        ? counts.list().map((count) => count.integer())
        : decodeCocoCounts(counts.text()),
      size,
    ),
  );
}

/** A mask, with faults of its run lengths reported at its place. */
function checked(at: JsonValue, make: () => RunLengthMask): RunLengthMask {
  try {
    const mask = make();
    checkRuns(mask);
    return mask;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError('list-malformed', `${error.message}.`, {
      where: at.where,
      fix: 'write the mask again',
    });
  }
}

/** Four corners; the collector checks their order. */
function cornersOf(box: JsonValue): [number, number, number, number] {
  return box.numbers(4) as [number, number, number, number];
}
