/** Pictures, labels and result files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { parseVoc } from '../../../src/aofd/data/sets/voc.js';
import { loadCoco } from '../../../src/aofd/data/sets/coco.js';
import { loadCountingCsv } from '../../../src/aofd/data/sets/counting-csv.js';
import { readEllipses } from '../../../src/aofd/data/sets/fddb.js';
import { readPictureHeader } from '../../../src/aofd/data/sets/image-size.js';
import { loadOcclusionSeg } from '../../../src/aofd/data/sets/occlusion-seg.js';
import { TeacherList } from '../../../src/aofd/data/sets/teacher-list.js';
import { loadWider } from '../../../src/aofd/data/sets/wider.js';
import { loadCocoMasks } from '../../../src/aofd/data/sets/coco-masks.js';
import { loadLabelme } from '../../../src/aofd/data/sets/labelme.js';
import { drawnLabelsAsync } from '../../../src/aofd/data/drawn/labels.js';
import type { DecodedImage, Sample } from '../../../src/aofd/data/sample.js';
import { readPaletteMap } from '../../../src/aofd/data/batches/pixel-map.js';
import { decodeImage, decodeMaskPng } from '../../../src/aofd/data/files/decode.js';
import { loadAnnotations } from '../../../src/aofd/eval/coco/annotations.js';
import { DetectionCache } from '../../../src/aofd/eval/detections/cache.js';
import { readDetectionsAsync } from '../../../src/aofd/eval/detections/readers.js';
import { gradientImage, jpegOf, maskPng, pngOf } from '../pictures.js';

import { text, type Reader } from './reader.js';

/** Readers of pictures, labels and results; pictures are made by the codecs themselves. */
export async function labelReadersAsync(): Promise<Reader[]> {
  const box = [1, 2, 20, 20];
  const images = [{ name: 'a.jpg', file: null }];
  const image = gradientImage(40, 30);
  const coco = {
    images: [{ id: 1, file_name: 'a.jpg', width: 40, height: 30 }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: box, iscrowd: 0, area: 400 }],
    categories: [{ id: 1, name: 'face' }],
  };
  const mask = { x: 1, y: 2, width: 3, height: 2, counts: [1, 2, 3] };
  const detect = {
    version: '0.1.0',
    adapter: { name: 'x', kind: 'cpu' },
    weights: { file: 'w', sha256: 'ab' },
    images: [{ file: 'a.jpg', faces: [{ box, score: 0.5, occlusion: { ratio: 0.3, mask } }] }],
    errors: [{ file: 'b.jpg', error: 'x' }],
  };
  const segmentation = { size: [30, 40], counts: [600, 600] };
  const results = [{ image_id: 'a.jpg', category_id: 1, bbox: box, score: 0.5, segmentation }];
  const outline = [1, 2, 21, 2, 21, 22, 1, 22];
  const masks = {
    ...coco,
    categories: [...coco.categories, { id: 2, name: 'occluder' }],
    annotations: [
      { ...coco.annotations[0], segmentation: [outline] },
      { ...coco.annotations[0], id: 2, category_id: 2, segmentation },
      {
        ...coco.annotations[0],
        id: 3,
        category_id: 2,
        segmentation: { size: [30, 40], counts: 'hb0hb0' },
      },
    ],
  };
  const bits = Buffer.from(pngOf(gradientImage(4, 3))).toString('base64');
  const corners = [
    [1, 2],
    [21, 22],
  ];
  const labelme = {
    version: '5.5.0',
    shapes: [
      { label: 'face', points: corners, shape_type: 'rectangle' },
      { label: 'face', points: [...corners, [1, 22]], shape_type: 'polygon', group_id: 1 },
      { label: 'occluder', points: corners, shape_type: 'circle', flags: { ignore: true } },
      { label: 'occluder', points: corners, shape_type: 'mask', mask: bits },
    ],
    imagePath: 'a.jpg',
    imageHeight: 30,
    imageWidth: 40,
  };
  const seg = [{ id: 'a', split: 'train', width: 40, height: 30, box, occlusion: 0.2 }];
  const detections = (file: string): unknown => readDetectionsAsync([file], images, 'x');
  const picture = (name: string, good: Uint8Array): Reader[] => [
    { name: `picture ${name}`, file: `a.${name}`, good, read: (file) => decodeImage(file) },
    { name: `header ${name}`, file: `a.${name}`, good, read: (file) => readPictureHeader(file) },
  ];
  return [
    ...picture('jpg', await jpegOf(image)),
    ...picture('png', pngOf(image)),
    ...picture('webp', await turnedAsync(image, 'webp')),
    ...picture('tif', await turnedAsync(image, 'tiff')),
    {
      name: 'mask',
      file: 'mask.png',
      good: maskPng(40, 30, (x) => x > 9),
      read: (file) => decodeMaskPng(file),
    },
    {
      name: 'palette map',
      file: 'map.png',
      good: await palettePngAsync(image),
      read: (file) => readPaletteMap(file),
    },
    {
      name: 'COCO for training',
      file: 'c.json',
      good: text(coco),
      read: (file) => loadCoco(file, { imageRoot: dirname(file) }),
    },
    {
      name: 'COCO masks',
      file: 'm.json',
      good: text(masks),
      read: (file) => labelAllAsync(loadCocoMasks(file, { imageRoot: dirname(file), source: 'x' })),
    },
    {
      name: 'labelme',
      file: 'labelme/a.json',
      good: text(labelme),
      read: (file) =>
        labelAllAsync(loadLabelme(dirname(file), { imageRoot: dirname(file), source: 'x' })),
    },
    {
      name: 'COCO for evaluation',
      file: 'c.json',
      good: text(coco),
      read: (file) => loadAnnotations(file, { ignoreFlags: 'all', ignoreBelow: 0 }),
    },
    {
      name: 'occlusion-seg',
      file: 'index.json',
      good: text(seg),
      read: (file) => loadOcclusionSeg(dirname(file), { split: 'all' }),
    },
    { name: 'detect document', file: 'd.json', good: text(detect), read: detections },
    { name: 'COCO results', file: 'r.json', good: text(results), read: detections },
    {
      name: 'detections csv',
      file: 'd.csv',
      good: text('image,x1,y1,x2,y2,score\na.jpg,1,2,20,20,0.5\n'),
      read: detections,
    },
    {
      name: 'WIDER list',
      file: 'w.txt',
      good: text('a.jpg\n1\n1 2 20 20 0 0 0 0 0 0\n'),
      read: (file) => loadWider(file, { imageRoot: dirname(file), readSizes: false }),
    },
    {
      name: 'FDDB ellipses',
      file: 'f.txt',
      good: text('2002/a\n1\n20 15 1.2 30 30 1\n'),
      read: (file) => readEllipses(file),
    },
    {
      name: 'counting csv',
      file: 'b.csv',
      good: text('Name,width,height,xmin,ymin,xmax,ymax\na.jpg,40,30,1,2,20,20\n'),
      read: (file) => loadCountingCsv(file, { imageRoot: dirname(file), source: 'x' }),
    },
    {
      name: 'teacher list',
      file: 't.jsonl',
      good: text('{"file":"a.jpg","width":40,"height":30,"faces":[[1,2,20,20,0.9]]}\n'),
      read: (file) => new TeacherList(file),
    },
    {
      name: 'VOC',
      file: 'a.xml',
      good: text(
        '<annotation><filename>a.jpg</filename><size><width>40</width><height>30</height></size><object><name>face</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>',
      ),
      read: (file) => parseVoc(readFileSync(file, 'utf8'), file),
    },
    {
      name: 'evaluation cache',
      file: 'cache',
      good: text('{"format":"x"}\n'),
      read: (file) => readDamagedCache(file),
    },
  ];
}

const rawOf = ({ data, width, height }: DecodedImage): Sharp =>
  sharp(data, { raw: { width, height, channels: 3 } });

/** A picture whose header says that it is to be turned. */
const turnedAsync = (image: DecodedImage, format: 'webp' | 'tiff'): Promise<Buffer> =>
  rawOf(image).withMetadata({ orientation: 6 }).toFormat(format).toBuffer();

const palettePngAsync = (image: DecodedImage): Promise<Buffer> =>
  rawOf(image).png({ palette: true, colours: 8 }).toBuffer();

/** Pixel labels of drawn samples, as of pictures of 40x30. */
async function labelAllAsync(samples: readonly Sample[]): Promise<void> {
  for (const { occluders = [], faces } of samples) {
    await drawnLabelsAsync(occluders, faces, { width: 40, height: 30 }, 'region-visible');
  }
}

/** A cache with one entry whose file is damaged as the given file is: by the same XOR. */
function readDamagedCache(damage: string): void {
  const folder = join(dirname(damage), 'entries');
  const key = { weights: 'ab', settings: {} };
  const mask = { x: 1, y: 2, width: 3, height: 2, counts: [1, 2, 3] };
  const faces = [{ box: [1, 2, 20, 20] as const, score: 0.5, occlusion: 0.3, mask }];
  let file: string;
  {
    using cache = new DetectionCache(folder, key);
    file = cache.file;
    if (!cache.get('good')) cache.add({ hash: 'good', faces: [...faces], timeMs: 1, adapter: 'x' });
  }
  const whole = readFileSync(file);
  const changes = readFileSync(damage);
  const bytes = Buffer.from(whole);
  changes.forEach((value, i) => (bytes[(i * 7919) % bytes.length]! ^= value));
  writeFileSync(file, bytes);
  try {
    using cache = new DetectionCache(folder, key);
    const found = cache.get('good');
    if (found && JSON.stringify(found.faces) !== JSON.stringify(faces)) {
      throw new Error('a damaged entry was taken');
    }
  } finally {
    writeFileSync(file, whole);
  }
}
