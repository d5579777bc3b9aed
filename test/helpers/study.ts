/** A study that takes seconds: drawn pictures, a network of a few thousand parameters. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageConfig } from '../../src/aofd/config/index.js';
import { stage as paperStage } from '../../src/aofd/config/defaults.js';
import { encodePng } from '../../src/aofd/detect/files/png.js';
import { drawBatch, side, tinyConfig } from './training.js';

type Json = Record<string, unknown>;

/** A stage of the tiny study. */
const stage = (name: string, kind: StageConfig['kind'], steps: number): StageConfig => ({
  ...paperStage(name, kind, steps),
  lr: 0.003,
  data: { drawn: 1 },
  order: 'weighted',
});

/** Two settings that share stages 0 and 1, two seeds, one set, one claim, one figure of each kind. */
export function tinyStudy(): Json {
  const { input, model, rpn, proposals, rois, train } = tinyConfig();
  return {
    name: 'tiny',
    title: 'A tiny study',
    base: {
      preset: 'lite',
      input,
      model,
      rpn,
      proposals,
      rois,
      train: { ...train, checkpointEverySteps: 1 },
      stages: [
        stage('stage0', 'detector', 3),
        stage('stage1', 'generator', 1),
        stage('stage2', 'joint', 2),
      ],
      data: { sources: { drawn: { kind: 'coco', list: 'labels.json', images: '.' } } },
    },
    seeds: [1, 2],
    settings: [
      { name: 'full', title: 'Full' },
      { name: 'plain', title: 'Without masks', change: { masking: { jointMode: 'none' } } },
    ],
    protocols: [
      {
        name: 'drawn',
        protocol: 'coco',
        data: 'labels.json',
        measures: ['face-ap'],
        detector: { longSide: side, scoreFloor: 0.02, maxDetections: 20 },
      },
    ],
    claims: [
      {
        name: 'masks',
        where: 'Table 0',
        text: 'Masks help.',
        better: 'full',
        worse: 'plain',
        protocol: 'drawn',
        measure: 'face-ap',
        paper: { better: 0.8, worse: 0.7 },
      },
    ],
    figures: [
      {
        name: 'curves',
        kind: 'curves',
        title: 'Curves',
        protocol: 'drawn',
        plot: 'precision-recall-all',
        settings: ['full', 'plain'],
      },
      {
        name: 'masks',
        kind: 'masks',
        title: 'Masks',
        settings: ['full'],
        pictures: ['0.png'],
        score: 0.02,
      },
    ],
    statistics: { bootstrap: 40 },
  };
}

/**
 * The tiny study with updates enough that its detectors find the drawn faces, and figures that compare them
 * on true faces.
 */
export function findingStudy(): Json {
  const study = tinyStudy();
  const base = study['base'] as Json;
  const still = { flip: 0, ratios: [1], scaleJitter: 0, aspectJitter: 0 };
  const faces = drawBatch(1).boxes[0] ?? new Float32Array();
  const first = [...faces.slice(0, 4)];
  return {
    ...study,
    base: {
      ...base,
      train: { ...(base['train'] as Json), checkpointEverySteps: 0 },
      optim: { ema: 0 },
      stages: [
        stage('stage0', 'detector', 100),
        stage('stage1', 'generator', 3),
        stage('stage2', 'joint', 12),
      ],
      data: {
        ...(base['data'] as Json),
        augment: { crop: still, mosaic: 0 },
      },
    },
    figures: [
      ...(study['figures'] as Json[]),
      {
        name: 'both',
        kind: 'side-by-side',
        title: 'Both',
        settings: ['plain', 'full'],
        pictures: [{ file: '1.png', faces: [first, [0, 0, 4, 4]] }],
        longSide: side,
        score: 0.3,
      },
      {
        name: 'shapes',
        kind: 'masks',
        title: 'Shapes',
        settings: ['full'],
        pictures: [{ file: '1.png', faces: [first] }],
        longSide: side,
        score: 0.02,
      },
    ],
  };
}

/** Writes the pictures and labels of the tiny study, and the study itself. @returns its file */
export function writeStudy(folder: string, study: Json = tinyStudy()): string {
  mkdirSync(folder, { recursive: true });
  const images: Json[] = [];
  const annotations: Json[] = [];
  for (let i = 0; i < 4; i++) {
    const batch = drawBatch(i);
    const data = batch.images.slice(0, side * side * 3);
    writeFileSync(join(folder, `${i}.png`), encodePng({ width: side, height: side, data }));
    images.push({ id: i, file_name: `${i}.png`, width: side, height: side });
    const boxes = batch.boxes[0] ?? [];
    for (let f = 0; f < boxes.length; f += 4) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.slice(f, f + 4);
      const [w, h] = [x2 - x1 + 1, y2 - y1 + 1];
      const id = annotations.length + 1;
      annotations.push({
        id,
        image_id: i,
        category_id: 1 + (i % 2),
        bbox: [x1, y1, w, h],
        area: w * h,
        iscrowd: 0,
      });
    }
  }
  const categories = [
    { id: 1, name: 'masked' },
    { id: 2, name: 'unmasked' },
  ];
  writeFileSync(join(folder, 'labels.json'), JSON.stringify({ images, annotations, categories }));
  const file = join(folder, 'study.json');
  writeFileSync(file, JSON.stringify(study, null, 1));
  return file;
}
