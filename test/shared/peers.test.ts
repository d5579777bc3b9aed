/**
 * The evaluator against published figures: detections of three peer detectors on the validation
 * sets, whose AP the data's own notes state. Conventions that reproduce them: continuous corners
 * (x, y, x + w, y + h), IoU at least 0.5, all-point AP, ignored faces neither right nor wrong, and
 * faces of other classes ignored in a view.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { evaluateViews } from '../../src/aofd/eval/index.js';
import type { GroupedImage } from '../../src/aofd/eval/index.js';
import { SHARED, needShared } from '../helpers/shared-data.js';

const root = join(SHARED, 'data');

interface PeerFile {
  images: { file: string; faces: { box: number[]; score: number }[] }[];
}
interface CocoFile {
  images: { id: number; file_name: string }[];
  annotations: { image_id: number; category_id: number; bbox: number[]; ignore: number }[];
  categories: { id: number; name: string }[];
}
interface Face {
  xywh: number[];
  ignore: boolean;
  group: string;
}

const read = <T>(...parts: string[]): T =>
  JSON.parse(readFileSync(join(root, ...parts), 'utf8')) as T;

function pairUp(peer: PeerFile, faces: Map<string, Face[]>): GroupedImage[] {
  const byName = new Map(peer.images.map((image) => [image.file, image.faces]));
  return [...faces].map(([name, list]) => {
    const found = byName.get(name);
    if (!found) throw new Error(`no detections for ${name}`);
    return {
      boxes: Float64Array.from(found.flatMap((f) => f.box)),
      scores: Float64Array.from(found, (f) => f.score),
      gt: Float64Array.from(list.flatMap(({ xywh: [x, y, w, h] }) => [x!, y!, x! + w!, y! + h!])),
      ignore: list.map((f) => (f.ignore ? 1 : 0)),
      groups: list.map((f) => f.group),
    };
  });
}

function maskedFaces(): Map<string, Face[]> {
  const coco = read<CocoFile>('masked', 'val.json');
  const names = new Map(coco.categories.map((c) => [c.id, c.name]));
  return new Map(
    coco.images.map((image) => [
      basename(image.file_name),
      coco.annotations
        .filter((a) => a.image_id === image.id)
        .map((a) => ({ xywh: a.bbox, ignore: a.ignore === 1, group: names.get(a.category_id)! })),
    ]),
  );
}

function groupFaces(): Map<string, Face[]> {
  const lines = readFileSync(join(root, 'facecount', 'val_bbx_gt.txt'), 'utf8')
    .trim()
    .split('\n');
  const out = new Map<string, Face[]>();
  for (let at = 0; at < lines.length;) {
    const count = Number(lines[at + 1]);
    out.set(
      basename(lines[at]!.trim()),
      lines.slice(at + 2, at + 2 + count).map((line) => {
        const xywh = line.trim().split(/\s+/).slice(0, 4).map(Number);
        return { xywh, ignore: Math.min(xywh[2]!, xywh[3]!) < 10, group: 'face' };
      }),
    );
    at += 2 + Math.max(count, 1);
  }
  return out;
}

/** Stated AP at IoU 0.5 and 0.4: all, masked + incorrect, unmasked, facecount. */
const STATED: Record<string, [number, number][]> = {
  'yunet-2026may': [
    [0.8, 0.884],
    [0.715, 0.824],
    [0.893, 0.936],
    [0.848, 0.9],
  ],
  'scrfd-500m': [
    [0.834, 0.908],
    [0.773, 0.864],
    [0.829, 0.896],
    [0.847, 0.9],
  ],
  'scrfd-2.5g': [
    [0.845, 0.921],
    [0.787, 0.881],
    [0.835, 0.907],
    [0.854, 0.909],
  ],
};

describe('peer detections give the stated average precision', function () {
  this.timeout(60000);
  before(function () {
    needShared(this, 'data/peers', 'data/masked/val.json', 'data/facecount/val_bbx_gt.txt');
  });

  for (const [peer, stated] of Object.entries(STATED)) {
    it(`${peer}: within 0.003 at IoU 0.5 and 0.4`, () => {
      const masked = pairUp(read('peers', peer, 'masked-val.json'), maskedFaces());
      const groups = pairUp(read('peers', peer, 'facecount-val.json'), groupFaces());
      [0.5, 0.4].forEach((iou, column) => {
        const views = evaluateViews(
          masked,
          { all: null, covered: ['masked', 'incorrect'], unmasked: ['unmasked'] },
          { iou },
        );
        const got = [
          views['all']!,
          views['covered']!,
          views['unmasked']!,
          evaluateViews(groups, { all: null }, { iou })['all']!,
        ];
        got.forEach((result, i) =>
          expect(result.ap, `row ${i}, IoU ${iou}`).to.be.closeTo(stated[i]![column]!, 0.003),
        );
        expect(views['all']!.positives).to.equal(844 - 95);
      });
    });
  }
});
