/** Heads pasted before faces: what is where afterwards, and what is known of it. */
import { expect } from 'chai';
import { NO_AUGMENT } from '../../../src/aofd/config/augment.js';
import { newCanvas, type Canvas } from '../../../src/aofd/data/augment/augment.js';
import {
  putHeadsInFront,
  type HeadsOptions,
} from '../../../src/aofd/data/augment/heads-in-front.js';
import { COVER_COVERED, COVER_UNKNOWN, type Batch } from '../../../src/aofd/data/batches/batch.js';
import { loadHeads } from '../../../src/aofd/data/batches/load-heads.js';
import { BatchMaker } from '../../../src/aofd/data/batches/make-batch.js';
import { CutoutBank } from '../../../src/aofd/data/occluders/cutout-bank.js';
import { packLabel, type SegmentationForm } from '../../../src/aofd/data/region-labels.js';
import { KeyedRng } from '../../../src/aofd/data/rng.js';
import { boxShortSide, type Box, type Sample } from '../../../src/aofd/data/sample.js';
import { DataError } from '../../../src/aofd/errors.js';
import { mat5, numbers } from '../../helpers/mat-writer.js';
import { gradientImage, pngOf } from '../../helpers/pictures.js';
import { rejectionAsync } from '../../helpers/rejection.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const SIDE = 200;
const FACE: Box = [80, 60, 119, 109];
const NO_LABEL = 255;
const asked = { probability: 1, most: 1, minFacePx: 10 };
const options = { ...asked, form: 'covered' as SegmentationForm, leastFacePx: 6, clipBoxes: true };

/** A red head with a green face of 40 x 50 in it: hair 8 px to the left, 24 to the right, 22 above, 10 below. */
const heads = new CutoutBank();
{
  const [width, height] = [100, 110];
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 8; y < 90; y++) {
    for (let x = 12; x < 84; x++) {
      const isFace = x >= 20 && x < 60 && y >= 30 && y < 80;
      data[3 * (y * width + x) + (isFace ? 1 : 0)] = 200;
      mask[y * width + x] = 1;
    }
  }
  heads.add({ width, height, data }, mask, [20, 30, 59, 79], { isFace: true });
}

const canvasWith = (faces: Box[], label: number): Canvas => {
  const canvas = newCanvas(SIDE, SIDE);
  canvas.image.data.fill(120);
  canvas.faces = faces.map((box, index) => ({ box, ignore: false, index }));
  canvas.labels = new Uint8Array(SIDE * SIDE).fill(label);
  return canvas;
};

/** Canvases of many seeds on which a head was pasted. */
const pasted = (
  label: number,
  changes: Partial<HeadsOptions> = {},
  faces: Box[] = [FACE],
): { canvas: Canvas; covered: Set<number> }[] =>
  Array.from({ length: 30 }, (_, seed) => {
    const canvas = canvasWith(faces, label);
    const rng = new KeyedRng(seed, 1, 2);
    return { canvas, ...putHeadsInFront(canvas, heads, rng, { ...options, ...changes }) };
  }).filter(({ canvas }) => canvas.faces.length > faces.length);

const isGreen = ({ image: { data } }: Canvas, x: number, y: number): boolean => {
  const [r = 0, g = 0] = data.subarray(3 * (y * SIDE + x));
  return g > 3 * Math.max(20, r);
};
const isRed = ({ image: { data } }: Canvas, x: number, y: number): boolean => {
  const [r = 0, g = 0] = data.subarray(3 * (y * SIDE + x));
  return r > 3 * Math.max(20, g);
};

/** Whether a pixel lies in a box enlarged by so many pixels all round. */
const isWithin = (x: number, y: number, [x1, y1, x2, y2]: Box, by: number): boolean =>
  x >= x1 - by && x <= x2 + by && y >= y1 - by && y <= y2 + by;

describe('heads in front of faces', () => {
  it('adds the box of the pasted face, where that is to be seen', () => {
    const made = pasted(0);
    expect(made.length).to.be.greaterThan(18);
    for (const { canvas } of made) {
      const { box, ignore } = canvas.faces[1]!;
      expect(ignore).to.equal(false);
      let [inside, outside] = [0, 0];
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          if (!isGreen(canvas, x, y)) continue;
          const isIn = x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
          if (isIn) inside++;
          else outside++;
        }
      }
      const area = (box[2] - box[0] + 1) * (box[3] - box[1] + 1);
      expect(inside / area).to.be.greaterThan(0.75);
      expect(outside / area).to.be.lessThan(0.15);
    }
  });

  it('says which faces are covered now, and ignores one that is hidden', () => {
    const made = pasted(0);
    const shares = made.map(({ canvas, covered }) => {
      let hidden = 0;
      for (let y = FACE[1]; y <= FACE[3]; y++) {
        for (let x = FACE[0]; x <= FACE[2]; x++) {
          if (isGreen(canvas, x, y) || isRed(canvas, x, y)) hidden++;
        }
      }
      const share = hidden / (40 * 50);
      // Soft edges are counted differently here.
      if (Math.abs(share - 0.08) > 0.04) expect(covered.has(0)).to.equal(share > 0.08);
      if (Math.abs(share - 0.7) > 0.05) expect(canvas.faces[0]!.ignore).to.equal(share > 0.7);
      return share;
    });
    expect(Math.max(...shares)).to.be.greaterThan(0.75);
    expect(shares.filter((share) => share > 0.08 && share < 0.7).length).to.be.greaterThan(11);
  });

  it('knows nothing where the pasted face is, and that its hair hides what is behind', () => {
    for (const form of ['covered', 'region-visible'] as const) {
      const seen = form === 'covered' ? 0 : packLabel(1, 1);
      const hidden = form === 'covered' ? 1 : packLabel(1, 0);
      let covering = 0;
      const wrong: string[] = [];
      for (const { canvas } of pasted(seen, { form })) {
        const { box } = canvas.faces[1]!;
        for (let at = 0; at < SIDE * SIDE; at++) {
          const [x, y, label] = [at % SIDE, Math.floor(at / SIDE), canvas.labels![at]!];
          const isInner = isWithin(x, y, box, -3);
          // A face is larger than its box by up to 15 %.
          const isFar = !isWithin(x, y, box, 0.1 * (box[3] - box[1]));
          if (isInner && isGreen(canvas, x, y) && label !== NO_LABEL) wrong.push(`face ${x}, ${y}`);
          if (isFar && isWithin(x, y, FACE, -1) && isRed(canvas, x, y)) {
            if (label !== hidden) wrong.push(`hair ${x}, ${y}: ${label}`);
            covering++;
          }
          const isElsewhere = isFar && !isWithin(x, y, FACE, 1);
          if (isElsewhere && form === 'covered' && label !== 0) wrong.push(`${x}, ${y}: ${label}`);
        }
      }
      expect(wrong).to.deep.equal([]);
      expect(covering).to.be.greaterThan(400);
    }
  });

  it('judges a face by all heads before it, and names the ones that are covered', () => {
    const far: Box = [4, 150, 15, 163];
    let together = 0;
    for (const { canvas, covered } of pasted(0, { most: 4, minFacePx: 20 }, [far, FACE])) {
      let hidden = 0;
      for (let y = FACE[1]; y <= FACE[3]; y++) {
        for (let x = FACE[0]; x <= FACE[2]; x++) {
          if (isGreen(canvas, x, y) || isRed(canvas, x, y)) hidden++;
        }
      }
      const share = hidden / (40 * 50);
      if (Math.abs(share - 0.7) > 0.05) expect(canvas.faces[1]!.ignore).to.equal(share > 0.7);
      if (Math.abs(share - 0.08) > 0.04) expect(covered.has(1)).to.equal(share > 0.08);
      if (canvas.faces.length > 3 && share > 0.75) together++;
      const isFree = [...Array(SIDE * SIDE).keys()].every(
        (at) =>
          !isWithin(at % SIDE, Math.floor(at / SIDE), far, 0) ||
          !(
            isGreen(canvas, at % SIDE, Math.floor(at / SIDE)) ||
            isRed(canvas, at % SIDE, Math.floor(at / SIDE))
          ),
      );
      if (isFree) expect(covered.has(0)).to.equal(false);
    }
    expect(together).to.be.greaterThan(0);
  });

  it('keeps whole boxes where boxes are not cut, and ignores pasted faces that are too small', () => {
    const edge: Box = [30, 60, 69, 109];
    const boxes = (clipBoxes: boolean): Box[] =>
      pasted(0, { clipBoxes }, [edge]).map(({ canvas }) => canvas.faces[1]!.box);
    const whole = boxes(false);
    expect(whole.some(([x1]) => x1 < 0)).to.equal(true);
    const cut = whole.map((box) => [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(SIDE - 1, box[2]), Math.min(SIDE - 1, box[3])]); // prettier-ignore
    expect(boxes(true)).to.deep.equal(cut);
    for (const { canvas } of pasted(0, { leastFacePx: 100 })) {
      expect(canvas.faces[1]!.ignore).to.equal(true);
    }
  });

  it('takes the light of the face that it is pasted before', () => {
    const [width, height] = [60, 80];
    const grey = new CutoutBank();
    const all = new Uint8Array(width * height).fill(1);
    const data = new Uint8Array(3 * width * height).fill(120);
    grey.add({ width, height, data }, all, [10, 15, 49, 64], { isFace: true });
    expect(grey.cutouts[0]!.faceLuma).to.be.closeTo(120, 0.5);
    const canvas = canvasWith([FACE], 0);
    putHeadsInFront(canvas, grey, new KeyedRng(2, 1, 2), options);
    const [least, most] = [Math.min(...canvas.image.data), Math.max(...canvas.image.data)];
    // A factor of .75 to 1.25, and grain.
    expect(least).to.be.greaterThan(0.75 * 120 - 7);
    expect(most).to.be.lessThan(1.25 * 120 + 7);
  });

  it('leaves a canvas alone on which no face is large enough, and unlabelled pixels unlabelled', () => {
    for (const faces of [[], [[20, 20, 27, 29] as Box]]) {
      const canvas = canvasWith(faces, 0);
      const before = canvas.image.data.slice();
      const result = putHeadsInFront(canvas, heads, new KeyedRng(1, 1, 1), options);
      expect(result.added).to.equal(0);
      expect(canvas.image.data).to.deep.equal(before);
    }
    for (const { canvas } of pasted(NO_LABEL, { form: 'region-visible' })) {
      expect(canvas.labels!.every((label) => label === NO_LABEL)).to.equal(true);
    }
  });

  it('depends on the seed alone, and keeps heads about as large as the face', () => {
    const boxes = (): Box[] => pasted(0).map(({ canvas }) => canvas.faces[1]!.box);
    expect(boxes()).to.deep.equal(boxes());
    for (const box of boxes()) expect(boxShortSide(box)).to.be.within(17, 77);
  });

  describe('of portraits', () => {
    const at = useSuiteFolder();
    const [width, height] = [64, 64];
    const face = { box: [24, 20, 39, 39] as Box, ignore: false, invalid: false };
    // Somebody from row 10 on, as wide as columns 16 to 47; the face's box ends at row 39.
    const classAt = (x: number, y: number): number => (y >= 10 && x >= 16 && x < 48 ? 1 : 0);
    let portraits: Sample[];
    before(() => {
      const columns = Array.from({ length: width }, (_, x) => x);
      const rows = Array.from({ length: height }, (_, y) => columns.map((x) => classAt(x, y)));
      const classes = numbers(rows, 'uint8');
      portraits = [0, 1].map((i) => ({
        id: `p${i}`,
        source: 'portraits',
        file: at.write(`p${i}.png`, pngOf(gradientImage(width, height))),
        faces: [face],
        pixelMap: {
          file: at.write(`p${i}.mat`, mat5({ groundtruth: classes })),
          roles: ['other', 'visible'],
          extent: 'portrait',
        },
      }));
    });

    it('are everybody down to the neck, with the aspect of the face', async () => {
      const others = [{ ...portraits[0]!, pixelMap: undefined }] as unknown as Sample[];
      expect((await loadHeads(others)).cutouts).to.have.length(0);
      const { cutouts } = await loadHeads(portraits);
      expect(cutouts).to.have.length(2);
      const [cutout] = cutouts;
      expect(cutout!.faceAspect).to.equal(16 / 20);
      // 30 % of the face's height below its box: rows 10 to 45, with a margin of 2 pixels.
      expect([cutout!.width, cutout!.height]).to.deep.equal([32 + 4, 36 + 4]);
      expect(cutout!.v1).to.be.closeTo((48 - 30) / 10, 1e-9);
    });

    it('that are missing are an error that names them, or left out where broken pictures are', async () => {
      const gone = [{ ...portraits[0]!, file: at('gone.png') }, portraits[1]!];
      expect((await rejectionAsync(loadHeads(gone), DataError)).where).to.include('gone.png');
      expect((await loadHeads(gone, true)).cutouts).to.have.length(1);
    });

    it('are asked for in vain where no portrait has pixel classes', () => {
      const photos = portraits.map(({ pixelMap: _, ...rest }) => rest);
      const make = (): unknown =>
        new BatchMaker({
          batchSize: 1,
          width: 64,
          height: 64,
          seed: 4,
          sources: [{ name: 'photos', samples: photos, weight: 1 }],
          augment: { ...NO_AUGMENT, headsInFront: asked },
          paintProbability: 0,
          segFraction: 0,
          portraitRatios: [1],
          cacheBytes: 0,
        });
      expect(make).to.throw(DataError, /no portrait has pixel classes/);
    });

    it('come into batches where asked for, and change nothing where not', async () => {
      const makeAsync = async (headsInFront?: typeof asked): Promise<Batch> => {
        const maker = new BatchMaker({
          batchSize: 6,
          width: 64,
          height: 64,
          seed: 4,
          sources: [
            { name: 'portraits', samples: portraits, weight: 1 },
            {
              name: 'photos',
              samples: portraits.map(({ pixelMap: _, ...rest }) => rest),
              weight: 1,
            },
          ],
          augment: { ...NO_AUGMENT, ...(headsInFront ? { headsInFront } : {}) },
          paintProbability: 0,
          cutoutSamples: portraits,
          segFraction: 0.5,
          portraitRatios: [1],
          cacheBytes: 0,
        });
        return { ...(await maker.makeAsync(0)), timeMs: 0 };
      };
      const plain = await makeAsync();
      expect(await makeAsync({ ...asked, probability: 0 })).to.deep.equal(plain);
      const crowded = await makeAsync(asked);
      const counts = ({ boxes }: Batch): number[] => boxes.map((list) => list.length / 4);
      expect(counts(plain)).to.deep.equal([1, 1, 1, 1, 1, 1]);
      expect(counts(crowded).filter((count) => count === 2).length).to.be.greaterThan(2);
      crowded.boxes.forEach((list, i) => {
        expect(crowded.ignore[i]).to.have.length(list.length / 4);
        expect(crowded.covers[i]).to.have.length(list.length / 4);
        if (list.length > 4) expect(crowded.covers[i]![1]).to.equal(COVER_UNKNOWN);
      });
      expect(crowded.covers.some(([first]) => first === COVER_COVERED)).to.equal(true);
    });
  });
});
