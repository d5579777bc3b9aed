/** Shapes of labelme that are parts of one object. */
import { expect } from 'chai';
import { pixelsOfAsync, type DrawnArea } from '../../../src/aofd/data/drawn/area.js';
import { loadLabelme } from '../../../src/aofd/data/sets/labelme.js';
import type { Sample } from '../../../src/aofd/data/sample.js';
import { gradientImage, jpegOf, maskPng } from '../../helpers/pictures.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const SIDE = 100;

interface Shape {
  label: string;
  shape_type: string;
  group_id: number | null;
  points: [number, number][];
  mask?: string;
}

/** Pixels x to x + w - 1 and y to y + h - 1, as a mask of their size. */
const solid = (label: string, group: number | null, [x, y, w, h]: number[]): Shape => ({
  label,
  shape_type: 'mask',
  group_id: group,
  points: [
    [x!, y!],
    [x! + w! - 1, y! + h! - 1],
  ],
  mask: maskPng(w!, h!, () => true).toString('base64'),
});
const rectangle = (label: string, group: number, [x, y, w, h]: number[]): Shape => ({
  label,
  shape_type: 'rectangle',
  group_id: group,
  points: [
    [x!, y!],
    [x! + w!, y! + h!],
  ],
});

async function countAsync(area: DrawnArea | undefined): Promise<number> {
  const patch = await pixelsOfAsync(area!, SIDE, SIDE);
  return patch!.data.reduce((n, v) => n + v, 0);
}

describe('data/sets: groups of labelme', () => {
  const at = useSuiteFolder();
  before(async () => {
    at.write('one.jpg', await jpegOf(gradientImage(SIDE, SIDE)));
  });
  function sampleOf(...shapes: Shape[]): Sample {
    const head = { imagePath: 'one.jpg', imageWidth: SIDE, imageHeight: SIDE };
    at.write('one.json', JSON.stringify({ ...head, shapes }));
    return loadLabelme(at(), { imageRoot: at(), source: 'it' })[0]!;
  }

  it('joins masks: the box holds all parts, the outline their pixels alone', async () => {
    const { faces } = sampleOf(
      solid('face', 3, [10, 20, 20, 20]),
      solid('face', 3, [50, 30, 30, 20]),
    );
    expect(faces.map(({ box }) => box)).to.deep.equal([[10, 20, 79, 49]]);
    expect(await countAsync(faces[0]?.outline)).to.equal(20 * 20 + 30 * 20);
  });

  it('joins masks with outlines, in either order', async () => {
    const parts = [
      rectangle('occluder', 5, [20, 50, 60, 40]),
      solid('occluder', 5, [20, 10, 5, 5]),
      solid('occluder', 5, [30, 10, 5, 5]),
    ];
    for (const shapes of [parts, [...parts].reverse()]) {
      const { occluders } = sampleOf(...shapes);
      expect(occluders).to.have.length(1);
      expect(await countAsync(occluders?.[0])).to.equal(60 * 40 + 2 * 25);
    }
  });

  it('takes rectangles together for a box without an outline', () => {
    const two = [rectangle('face', 4, [20, 60, 60, 10]), rectangle('face', 4, [20, 80, 60, 10])];
    const { faces } = sampleOf(...two);
    expect(faces).to.have.length(1);
    expect(faces[0]).to.deep.include({ box: [20, 60, 79, 89] });
    expect(faces[0]).to.not.have.property('outline');
    const mixed = sampleOf(two[0]!, solid('face', 4, [20, 80, 60, 10])).faces[0];
    expect(mixed).to.have.property('outline');
  });

  it('keeps apart what has no group, another one, or another label', () => {
    const { faces, occluders } = sampleOf(
      solid('face', null, [0, 0, 20, 20]),
      solid('face', null, [30, 0, 20, 20]),
      solid('face', 1, [60, 0, 20, 20]),
      solid('occluder', 1, [60, 0, 20, 10]),
      solid('face', 2, [0, 50, 20, 20]),
    );
    expect(faces).to.have.length(4);
    expect(occluders).to.have.length(1);
  });
});
