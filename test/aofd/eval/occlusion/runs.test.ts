import { expect } from 'chai';
import { paintRuns, runsOfCoco } from '../../../../src/aofd/eval/occlusion/runs.js';
import { decodeRunLength, MOST_MASK_PIXELS } from '../../../../src/aofd/detect/rle.js';
import { readDetectionsAsync } from '../../../../src/aofd/eval/detections/readers.js';
import { DataError } from '../../../../src/aofd/errors.js';
import { rejectionAsync, thrownBy } from '../../../helpers/rejection.js';
import { useTempFolder } from '../../../helpers/temp-folder.js';

/** Runs down the columns of a picture given as rows of 0 and 1. */
function countsOf(rows: readonly string[]): number[] {
  const counts: number[] = [];
  let before = '0';
  let run = 0;
  for (let x = 0; x < rows[0]!.length; x++) {
    for (const row of rows) {
      if (row[x] !== before) {
        counts.push(run);
        run = 0;
        before = row[x]!;
      }
      run++;
    }
  }
  return [...counts, run];
}

describe('run lengths of masks', () => {
  const at = useTempFolder();

  it('turn from columns into rows inside of the bounding box', () => {
    const pictures = [
      ['0000', '0110', '0010'],
      ['1111', '1111', '1111'],
      ['1000', '0000', '0001'],
      ['0100', '0100', '0110'],
      ['0000', '0000', '0000'],
    ];
    for (const rows of pictures) {
      const size = { width: 4, height: 3 };
      const mask = runsOfCoco(countsOf(rows), [3, 4]);
      const painted = new Uint8Array(12);
      paintRuns(mask, painted, size);
      expect([...painted].join('')).to.equal(rows.join(''));
    }
    expect(runsOfCoco(countsOf(['0000', '0110', '0010']), [3, 4])).to.include({
      x: 1,
      y: 1,
      width: 2,
      height: 2,
    });
  });

  it('paint what lies in the picture, however far they reach out of it', () => {
    const painted = new Uint8Array(6);
    const far = 2 ** 40;
    paintRuns({ x: 1, y: -far, width: 1, height: 2 * far, counts: [0, 2 * far] }, painted, {
      width: 3,
      height: 2,
    });
    expect([...painted].join('')).to.equal('010010');
  });

  it('are refused for pictures that nobody reads, and stripes that would fill memory', () => {
    const huge = (): unknown => runsOfCoco([0, 9e8], [30_000, 30_000]);
    expect(thrownBy(huge, RangeError).message).to.match(/30000x30000 has more than \d+ pixels/);
    const all = { x: 0, y: 0, width: 30_000, height: 30_000, counts: [9e8] };
    thrownBy(() => decodeRunLength(all), RangeError);
    const stripes = Array.from({ length: 2000 }, () => 2000);
    thrownBy(() => runsOfCoco(stripes, [2000, 2000]), RangeError);
    expect(MOST_MASK_PIXELS).to.be.greaterThan(100_000_000);
  });

  it('in result files: the place of the fault is named', async () => {
    const images = [{ name: 'a.jpg', file: null }];
    const bad: [number[], number[]][] = [
      [[30_000, 30_000], [9e8]],
      [[3, 4], [5]],
      [
        [3, 4],
        [-1, 13],
      ],
      [
        [3, 4],
        [2 ** 53, 1],
      ],
      [[-3, -4], [12]],
      [[2 ** 31, 2 ** 31], [2 ** 62]],
    ];
    for (const [size, counts] of bad) {
      const result = { image_id: 'a.jpg', bbox: [0, 0, 2, 2], score: 1 };
      const file = at.write(
        'r.json',
        JSON.stringify([{ ...result, segmentation: { size, counts } }]),
      );
      const error = await rejectionAsync(readDetectionsAsync([file], images, 'x'), DataError);
      expect(error.where).to.match(/r\.json: \[0\]\.segmentation/);
    }
  });
});
