/** Detections in JSON: COCO results, `aofd detect` documents, and plain lists per image. */
import { z } from 'zod';
import type { RunLengthMask } from '../../detect/rle.js';
import { DataError } from '../../errors.js';
import { decodeCocoCounts } from '../../formats/coco-counts.js';
import { checkRuns, runsOfCoco } from '../occlusion/runs.js';
import type { Detection } from '../protocol.js';
import type { DetectionCollector } from './collect.js';
import {
  checkedItems,
  checkJson,
  corners,
  finite,
  jsonPlace,
  list,
  text,
  whole,
  type JsonPath,
} from './json.js';

/** The JSON formats, as people call them. */
export type JsonFormat = 'COCO results' | 'aofd detect document' | 'JSON faces per image';

/** A file's parsed text. */
export interface JsonDocument {
  file: string;
  root: unknown;
}

/** Keys by which formats are told apart. */
const sniffed = z.object({
  images: z.array(z.unknown()),
  weights: z.unknown().optional(),
  adapter: z.unknown().optional(),
});

/** The format of a document, or null. */
export function formatOfJson(root: unknown): JsonFormat | null {
  if (Array.isArray(root)) return 'COCO results';
  const { data } = sniffed.safeParse(root);
  if (!data) return null;
  return (data.weights ?? data.adapter) == null ? 'JSON faces per image' : 'aofd detect document';
}

const image = z.object({ file: text, faces: list }, 'an object');

/** What is an object is checked, anything else passed over. */
const objectOrNothing = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess(
    (value) => (typeof value === 'object' && !Array.isArray(value) ? value : null),
    z.object(shape).nullable(),
  );

const peerHead = z.object({ images: list, detector: text.nullish() });

const detectHead = z.object({
  images: list,
  weights: objectOrNothing({ sha256: text.nullish() }),
  adapter: objectOrNothing({ name: text }),
  version: text.nullish(),
  errors: list.nullish(),
});

const peerFace = z.object({ box: corners, score: finite, category: whole.nullish() }, 'an object');

const runLengths = z.object(
  { x: whole, y: whole, width: whole, height: whole, counts: z.array(whole, 'a list') },
  'an object',
);

const detectFace = z.object(
  {
    box: corners,
    score: finite,
    occlusion: z.object({ ratio: finite, mask: runLengths.nullish() }, 'an object').nullish(),
  },
  'an object',
);

/**
 * Reads `{detector?, images: [{file, faces: [{box: [x1, y1, x2, y2], score}]}]}`, one entry per image;
 * a face may have `category`.
 * @throws DataError naming file and JSON path
 */
export function readPeerJson({ file, root }: JsonDocument, into: DetectionCollector): void {
  const { detector, images } = checkJson(peerHead, root, file);
  if (detector != null) into.addFact('detector named in the file', detector);
  addFaces(file, images, into, peerFace, ({ box, score, category }) => ({
    box,
    score,
    ...(category == null ? {} : { category }),
  }));
}

/**
 * Reads the document of `aofd detect`: as {@link readPeerJson}, with `weights`, `adapter`, and per
 * face `occlusion: {ratio, mask?: {x, y, width, height, counts}}`.
 * @throws DataError naming file and JSON path
 */
export function readDetectJson({ file, root }: JsonDocument, into: DetectionCollector): void {
  const { images, weights, adapter, version, errors } = checkJson(detectHead, root, file);
  if (weights?.sha256 != null) into.addFact('weights SHA-256', weights.sha256);
  if (adapter) into.addFact('adapter', adapter.name);
  if (version != null) into.addFact('written by aofd', version);
  if (errors && errors.length > 0) {
    into.addWarning(
      `${jsonPlace(file, ['errors'])}: ${errors.length} pictures could not be read when faces were ` +
        'detected; they count as pictures without detections.',
    );
  }
  addFaces(file, images, into, detectFace, ({ box, score, occlusion }, path) => {
    if (!occlusion) return { box, score };
    const { ratio, mask } = occlusion;
    if (!mask) return { box, score, occlusion: ratio };
    const place = jsonPlace(file, [...path, 'occlusion', 'mask']);
    return { box, score, occlusion: ratio, mask: checkedMask(place, () => mask) };
  });
}

/** Adds the faces of every entry `{file, faces}`. */
function addFaces<T extends z.ZodType>(
  file: string,
  images: readonly unknown[],
  into: DetectionCollector,
  schema: T,
  detectionOf: (face: z.output<T>, path: JsonPath) => Detection,
): void {
  for (const [entry, at] of checkedItems(image, images, file, ['images'])) {
    const name = into.openImage(entry.file, jsonPlace(file, [...at, 'file']));
    for (const [face, path] of checkedItems(schema, entry.faces, file, [...at, 'faces'])) {
      const detection = detectionOf(face, path);
      if (name !== null) into.add(name, detection, jsonPlace(file, path));
    }
  }
}

const cocoResult = z.object(
  {
    image_id: z.union([text, whole], 'a whole number or a name'),
    bbox: corners,
    score: finite,
    category_id: whole.nullish(),
    segmentation: z
      .object(
        {
          size: z.tuple([whole, whole], '2 numbers'),
          counts: z.union([z.array(whole), text], 'run lengths: a list or a text'),
        },
        'run lengths {size, counts}, not polygons',
      )
      .nullish(),
  },
  'an object',
);

/**
 * Reads COCO results: a list of `{image_id, category_id?, bbox: [x, y, w, h], score,
 * segmentation?: {size, counts}}`. A segmentation is taken as the covered pixels of the face.
 * @param imageIds image names by COCO id; without it `image_id` must be a name
 * @throws DataError naming file and JSON path
 */
export function readCocoResults(
  { file, root }: JsonDocument,
  into: DetectionCollector,
  imageIds?: ReadonlyMap<number, string>,
): void {
  for (const [item, path] of checkedItems(cocoResult, root as unknown[], file)) {
    const [x, y, w, h] = item.bbox;
    if (w < 0 || h < 0) {
      throw new DataError(
        'box-invalid',
        `the box has a negative size (x y w h = ${[x, y, w, h].join(' ')}).`,
        {
          where: jsonPlace(file, [...path, 'bbox']),
          fix: 'boxes of COCO results are left, top, width, height',
        },
      );
    }
    const { segmentation, category_id: category } = item;
    const detection: Detection = { box: [x, y, x + w, y + h], score: item.score };
    if (category != null) detection.category = category;
    if (segmentation) {
      const { counts, size } = segmentation;
      detection.mask = checkedMask(jsonPlace(file, [...path, 'segmentation']), () =>
        runsOfCoco(typeof counts === 'string' ? decodeCocoCounts(counts) : counts, size),
      );
    }
    const idPlace = jsonPlace(file, [...path, 'image_id']);
    const name = into.resolve(imageNameOf(item.image_id, imageIds, idPlace), idPlace);
    if (name !== null) into.add(name, detection, jsonPlace(file, path));
  }
}

function imageNameOf(
  id: string | number,
  imageIds: ReadonlyMap<number, string> | undefined,
  where: string,
): string {
  if (typeof id === 'string') return id;
  if (imageIds) return imageIds.get(id) ?? `COCO id ${id}`;
  throw new DataError(
    'list-malformed',
    `image_id ${id} means nothing here, for this set has no COCO ids.`,
    { where, fix: 'give image names as image_id, or use a csv' },
  );
}

/** A mask, with faults of its run lengths reported at its place. */
function checkedMask(where: string, make: () => RunLengthMask): RunLengthMask {
  try {
    const mask = make();
    checkRuns(mask);
    return mask;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError('list-malformed', `${error.message}.`, {
      where,
      fix: 'write the mask again',
    });
  }
}
