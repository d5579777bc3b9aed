/** Heads pasted before faces: what is where afterwards, and what is known of it. */
import { expect } from 'chai';
import { NO_AUGMENT } from '../../../src/aofd/config/augment.js';
import { newCanvas, type Canvas } from '../../../src/aofd/data/augment/augment.js';
import { putHeadsInFront } from '../../../src/aofd/data/augment/heads-in-front.js';
import type { Batch } from '../../../src/aofd/data/batches/batch.js';
import { loadHeads } from '../../../src/aofd/data/batches/load-heads.js';
import { BatchMaker } from '../../../src/aofd/data/batches/make-batch.js';
import { CutoutBank } from '../../../src/aofd/data/occluders/cutout-bank.js';
import { packLabel } from '../../../src/aofd/data/region-labels.js';
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
const options = { probability: 1, most: 1, minFacePx: 10 };

/** A red head of 60 x 90 whose face is its middle, green. */
const heads = new CutoutBank();
{
  const [width, height] = [80, 110];
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 10; y < 100; y++) {
    for (let x = 10; x < 70; x++) {
      const isFace = x >= 20 && x < 60 && y >= 30 && y < 80;
      data[3 * (y * width + x) + (isFace ? 1 : 0)] = 200;
      mask[y * width + x] = 1;
    }
  }
  heads.add({ width, height, data }, mask, [20, 30, 59, 79]);
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
  form: 'covered' | 'region-visible',
): { canvas: Canvas; covered: Set<number> }[] =>
  Array.from({ length: 30 }, (_, seed) => {
    const canvas = canvasWith([FACE], label);
    const rng = new KeyedRng(seed, 1, 2);
    return { canvas, ...putHeadsInFront(canvas, heads, form, rng, options) };
  }).filter(({ canvas }) => canvas.faces.length > 1);

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
    const made = pasted(0, 'covered');
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
    const made = pasted(0, 'covered');
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
    expect(Math.max(...shares)).to.be.greaterThan(0.5);
    expect(shares.filter((share) => share > 0.08 && share < 0.7).length).to.be.greaterThan(11);
  });

  it('knows nothing where the pasted face is, and that its hair hides what is behind', () => {
    for (const form of ['covered', 'region-visible'] as const) {
      const seen = form === 'covered' ? 0 : packLabel(1, 1);
      const hidden = form === 'covered' ? 1 : packLabel(1, 0);
      let covering = 0;
      const wrong: string[] = [];
      for (const { canvas } of pasted(seen, form)) {
        const { box } = canvas.faces[1]!;
        for (let at = 0; at < SIDE * SIDE; at++) {
          const [x, y, label] = [at % SIDE, Math.floor(at / SIDE), canvas.labels![at]!];
          const isInner = isWithin(x, y, box, -3);
          const isFar = !isWithin(x, y, box, 3);
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

  it('leaves a canvas alone on which no face is large enough, and unlabelled pixels unlabelled', () => {
    for (const faces of [[], [[20, 20, 27, 29] as Box]]) {
      const canvas = canvasWith(faces, 0);
      const before = canvas.image.data.slice();
      const result = putHeadsInFront(canvas, heads, 'covered', new KeyedRng(1, 1, 1), options);
      expect(result.added).to.equal(0);
      expect(canvas.image.data).to.deep.equal(before);
    }
    for (const { canvas } of pasted(NO_LABEL, 'region-visible')) {
      expect(canvas.labels!.every((label) => label === NO_LABEL)).to.equal(true);
    }
  });

  it('depends on the seed alone, and keeps heads about as large as the face', () => {
    const boxes = (): Box[] => pasted(0, 'covered').map(({ canvas }) => canvas.faces[1]!.box);
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

    it('come into batches where asked for, and change nothing where not', async () => {
      const makeAsync = async (headsInFront?: typeof options): Promise<Batch> => {
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
      expect(await makeAsync({ ...options, probability: 0 })).to.deep.equal(plain);
      const crowded = await makeAsync(options);
      const counts = ({ boxes }: Batch): number[] => boxes.map((list) => list.length / 4);
      expect(counts(plain)).to.deep.equal([1, 1, 1, 1, 1, 1]);
      expect(counts(crowded).filter((count) => count === 2).length).to.be.greaterThan(2);
      crowded.boxes.forEach((list, i) => {
        expect(crowded.ignore[i]).to.have.length(list.length / 4);
        expect(crowded.covers[i]).to.have.length(list.length / 4);
      });
    });
  });
});
