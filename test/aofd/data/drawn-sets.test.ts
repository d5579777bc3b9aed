/** What labelme, Label Studio and CVAT write, read as training data of the segmentation branch. */
import { expect } from 'chai';
import type { Config, DataSourceConfig } from '../../../src/aofd/config/index.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { BatchMaker } from '../../../src/aofd/data/batches/make-batch.js';
import { loadCutoutBank } from '../../../src/aofd/data/batches/load-cutouts.js';
import { packLabel } from '../../../src/aofd/data/region-labels.js';
import { loadDataSource } from '../../../src/aofd/data/sets/load-source.js';
import { DataError } from '../../../src/aofd/errors.js';
import { Trainer, type TrainEvent } from '../../../src/aofd/train/run/index.js';
import { canvasBatchOptions, RunSources } from '../../../src/aofd/train/run/sources.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { gradientImage, jpegOf, maskPng } from '../../helpers/pictures.js';
import { thrownBy } from '../../helpers/rejection.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';
import { tinyConfig } from '../../helpers/training.js';

const FACE = [
  [30, 20],
  [70, 20],
  [70, 80],
  [30, 80],
];
/** The lower half of that face. */
const SCARF = [
  [20, 50],
  [80, 50],
  [80, 90],
  [20, 90],
];

type Shape = Record<string, unknown>;
const shape = (label: string, points: number[][], more: Shape = {}): Shape => ({
  label,
  points,
  group_id: null,
  description: '',
  shape_type: 'polygon',
  flags: {},
  mask: null,
  ...more,
});
/** A file of labelme 5.5 with the picture left out. */
const labelme = (shapes: unknown[], more: Shape = {}): string =>
  JSON.stringify({
    version: '5.5.0',
    flags: {},
    shapes,
    imagePath: '../pictures/one.jpg',
    imageData: null,
    imageHeight: 100,
    imageWidth: 100,
    ...more,
  });

type Annotation = Record<string, unknown>;
/** A list as Label Studio exports it: ids from 0, `ignore`, pictures in a folder of the archive. */
const labelStudio = (annotations: Annotation[], name = 'images/one.jpg'): string =>
  JSON.stringify({
    images: [{ width: 100, height: 100, id: 0, file_name: name }],
    categories: [
      { id: 0, name: 'Face' },
      { id: 1, name: 'Mask or hand' },
    ],
    annotations: annotations.map((annotation, id) => ({
      id,
      image_id: 0,
      ignore: 0,
      iscrowd: 0,
      ...annotation,
    })),
    info: { year: 2025, version: '1.0', contributor: 'Label Studio' },
  });
const CLASSES = { Face: 'face', 'Mask or hand': 'occluder' } as const;

/** A list as CVAT exports it: attributes, and iscrowd 1 with run lengths for what was painted. */
const cvat = (annotations: Annotation[], sizes = { width: 100, height: 100 }): string =>
  JSON.stringify({
    licenses: [{ name: '', id: 0, url: '' }],
    info: { contributor: '', date_created: '', description: '', url: '', version: '', year: '' },
    categories: [
      { id: 1, name: 'face', supercategory: '' },
      { id: 2, name: 'occluder', supercategory: '' },
    ],
    images: [{ id: 1, ...sizes, file_name: 'one.jpg', license: 0, flickr_url: '', coco_url: '' }],
    annotations: annotations.map((annotation, i) => ({
      id: i + 1,
      image_id: 1,
      iscrowd: 0,
      attributes: { occluded: false },
      ...annotation,
    })),
  });
const faceOutline = { segmentation: [FACE.flat()], bbox: [30, 20, 40, 60], area: 2400 };
/** Rows 50 to 89 of columns 20 to 79. */
const scarfRuns = [
  20 * 100 + 50,
  ...Array.from({ length: 119 }, (_, i) => (i % 2 ? 60 : 40)),
  10 + 20 * 100,
];

describe('data/sets: drawn by people', () => {
  const at = useSuiteFolder();
  before(async () => {
    const jpeg = await jpegOf(gradientImage(100, 100));
    for (const name of ['pictures/one.jpg', 'pictures/images/one.jpg', 'outside.jpg']) {
      at.write(name, jpeg);
    }
  });

  const drawn = { images: 'pictures' };
  const labelmeSource = { kind: 'labelme' as const, list: 'labels', ...drawn };
  const cocoSource = { kind: 'coco-masks' as const, list: 'list.json', ...drawn };
  const dataOf = (source: DataSourceConfig): Config['data'] => ({
    ...presetConfig('lite').data,
    root: at(),
    minFacePx: 8,
    sources: { it: source },
  });
  const load = (source: DataSourceConfig) => loadDataSource(dataOf(source), 'it');
  const loadLabelme = (text: string, more: Partial<DataSourceConfig> = {}) => {
    at.write('labels/one.json', text);
    return load({ ...labelmeSource, ...more });
  };
  const loadList = (text: string, more: Partial<DataSourceConfig> = {}) => {
    at.write('list.json', text);
    return load({ ...cocoSource, ...more });
  };

  /** Labels of face above and below the scarf, and of what lies beside both, of the picture as it is. */
  async function labelsOf(
    source: DataSourceConfig,
    output: 'covered' | 'region-visible',
  ): Promise<number[]> {
    const config = tinyConfig({ data: dataOf(source) }, [`model.segmentation.output=${output}`]);
    const stage = { ...config.stages[0]!, data: { it: 1 }, segFraction: 1, paintProbability: 0 };
    const sources = new RunSources(config).ofStage(stage);
    const { augment, ...options } = canvasBatchOptions(config, stage, sources, [100, 100]);
    const crop = { flip: 0, ratios: [1], scaleJitter: 0, aspectJitter: 0 };
    const still = { ...augment, crop, mosaic: 0, cutout: { ...augment.cutout, probability: 0 } };
    const maker = new BatchMaker({ ...options, augment: still, portraitRatios: [1], batchSize: 1 });
    const { segLabels, boxes } = await maker.makeAsync(0);
    const [x1 = 0, y1 = 0] = boxes[0] ?? [];
    // Windows may lie beside the picture; the face tells by how much.
    const [dx, dy] = [Math.round(x1) - 30, Math.round(y1) - 20];
    return [
      [50, 35],
      [50, 65],
      [24, 65],
    ].map(([x, y]) => segLabels[0]![(y! + dy) * 100 + x! + dx]!);
  }
  const expectLabels = async (source: DataSourceConfig): Promise<void> => {
    expect(await labelsOf(source, 'covered')).to.deep.equal([0, 1, 255]);
    expect(await labelsOf(source, 'region-visible')).to.deep.equal([
      packLabel(1, 1),
      packLabel(1, 0),
      packLabel(0, 0),
    ]);
  };

  it('labelme: polygons of faces and occluders become boxes and labels of both forms', async () => {
    const { samples } = loadLabelme(labelme([shape('face', FACE), shape('occluder', SCARF)]));
    expect(samples).to.have.length(1);
    expect(samples[0]).to.include({ id: 'one', width: 100, height: 100, source: 'it' });
    expect(samples[0]?.file.replaceAll('\\', '/')).to.match(/pictures\/one\.jpg$/);
    expect(samples[0]?.faces.map(({ box }) => box)).to.deep.equal([[30, 20, 69, 79]]);
    await expectLabels(labelmeSource);
    const bank = await loadCutoutBank(samples);
    expect(bank.cutouts, 'cut out to be pasted elsewhere').to.have.length(1);
  });

  it('labelme: rectangles, circles, masks, groups, flags; names of the user', () => {
    const mask = maskPng(30, 20, () => true).toString('base64');
    const { samples, report } = loadLabelme(
      labelme([
        shape('kopf', [FACE[2]!, FACE[0]!], { shape_type: 'rectangle' }),
        shape(
          'kopf',
          [
            [50, 50],
            [50, 80],
          ],
          { shape_type: 'circle', flags: { ignore: true } },
        ),
        shape(
          'hand',
          [
            [10, 70],
            [39, 89],
          ],
          { shape_type: 'mask', mask },
        ),
        shape('tuch', SCARF, { group_id: 7 }),
        shape('tuch', FACE, { group_id: 7 }),
        shape('baum', FACE),
      ]),
      { classes: { kopf: 'masked', hand: 'occluder', tuch: 'occluder', baum: 'drop' } },
    );
    const [sample] = samples;
    expect(sample?.faces.map(({ box, ignore }) => [...box.map(Math.round), ignore])).to.deep.equal([
      [30, 20, 69, 79, false],
      [20, 20, 79, 79, true],
    ]);
    expect(sample?.faces[0]?.attributes).to.deep.equal({ cover: 'masked' });
    expect(sample?.faces[0]?.outline, 'a rectangle is no outline').to.equal(undefined);
    expect(sample?.occluders?.map((area) => area.kind)).to.deep.equal(['bitmap', 'polygons']);
    expect(report.ignored).to.equal(1);
  });

  it('Label Studio: lists with empty outlines for boxes, paths of an archive or of Windows', async () => {
    const text = (name?: string): string =>
      labelStudio(
        [
          { category_id: 0, segmentation: [], bbox: [30, 20, 40, 60], area: 2400 },
          { category_id: 1, segmentation: [SCARF.flat()], bbox: [20, 50, 60, 40], area: 2400 },
        ],
        name,
      );
    for (const name of ['images/one.jpg', 'images\\one.jpg', '/data/upload/3/one.jpg']) {
      const { samples } = loadList(text(name), { classes: CLASSES });
      expect(samples[0]?.file, name).to.match(/one\.jpg$/);
      expect(samples[0]?.faces.map(({ box }) => box)).to.deep.equal([[30, 20, 69, 79]]);
      expect(samples[0]?.occluders).to.have.length(1);
    }
    await expectLabels({ ...cocoSource, classes: CLASSES });
    expect(() => loadList(text())).to.throw(/annotations\[0\]|Mask or hand/);
    // What is dropped may be drawn as it likes.
    const line = { category_id: 1, segmentation: [[20, 50, 60, 40]], bbox: [20, 50, 60, 40] };
    expect(() => loadList(labelStudio([line]), { classes: CLASSES })).to.throw(/3 corners/);
    const classes = { ...CLASSES, 'Mask or hand': 'drop' } as const;
    expect(loadList(labelStudio([line]), { classes }).samples[0]?.occluders).to.deep.equal([]);
  });

  it('CVAT: outlines, and painted masks as run lengths (plain and compressed), which are no crowds', async () => {
    const painted = { category_id: 2, bbox: [20, 50, 60, 40], iscrowd: 1 };
    const size = [100, 100];
    for (const counts of [scarfRuns, cocoText(scarfRuns)]) {
      const list = cvat([
        { category_id: 1, ...faceOutline },
        { ...painted, segmentation: { size, counts } },
      ]);
      const { samples } = loadList(list);
      expect(samples[0]?.faces.map(({ ignore }) => ignore)).to.deep.equal([false]);
      await expectLabels(cocoSource);
    }
    const { samples } = loadList(
      cvat([
        { category_id: 1, ...faceOutline, iscrowd: 1, segmentation: { size, counts: scarfRuns } },
        { category_id: 1, ...faceOutline, ignore: 1 },
      ]),
    );
    expect(samples[0]?.faces.map(({ ignore }) => ignore)).to.deep.equal([false, true]);
    expect(samples[0]?.occluders, 'looked at, and nothing covers').to.deep.equal([]);
  });

  const line = { shape_type: 'line' };
  const mask = (text: string | null): Shape => ({ shape_type: 'mask', mask: text });
  const shapeFaults: [string, unknown, RegExp][] = [
    ['a line', shape('face', FACE.slice(2), line), /shapes\[1\].*"line" of 2 points.*polygon/],
    ['two corners', shape('face', FACE.slice(2)), /shapes\[1\].*4 numbers.*3 corners/],
    [
      'no number',
      shape('face', [
        [1, 2],
        [3, NaN],
        [5, 6],
      ] as number[][]),
      /shapes\[1\]/,
    ],
    ['far away', shape('face', [...FACE, [1e300, 5]]), /shapes\[1\].*no number of pixels/],
    ['an unknown label', shape('Tree', FACE), /shapes\[1\].*"Tree" may be a face/],
    ['no label', { points: FACE }, /shapes\[1\]\.label/],
    ['a point of three', shape('face', [[1, 2, 3]]), /shapes\[1\]\.points\[0\]/],
    ['a mask without pixels', shape('occluder', FACE.slice(2), mask(null)), /shapes\[1\].*"mask"/],
    ['a mask that is none', shape('occluder', FACE.slice(2), mask('bm8=')), /shapes\[1\].*no PNG/],
  ];
  for (const [what, bad, expected] of shapeFaults) {
    it(`labelme: ${what} is refused with file and shape`, () => {
      const error = thrownBy(() => loadLabelme(labelme([shape('face', FACE), bad])), DataError);
      expect(error.message)
        .to.match(expected)
        .and.match(/one\.json/);
      expect(error.fix).to.not.equal(undefined);
    });
  }

  const runFaults: [string, Record<string, unknown>, RegExp][] = [
    ['of another size', { size: [50, 100], counts: [5000] }, /is 100x50, its picture 100x100/],
    ['too short', { size: [100, 100], counts: [9999] }, /9999 pixels together, expected 10000/],
    ['negative', { size: [100, 100], counts: [-1, 10001] }, /whole numbers/],
    ['of broken text', { size: [100, 100], counts: 'X\n' }, /damaged/],
    ['of endless text', { size: [100, 100], counts: '0'.repeat(10002) }, /more than 10001/],
    ['without size', { counts: [10000] }, /no size/],
  ];
  for (const [what, segmentation, expected] of runFaults) {
    it(`COCO: run lengths ${what} are refused with their place`, () => {
      const list = cvat([
        { category_id: 1, ...faceOutline },
        { category_id: 2, segmentation, bbox: [0, 0, 10, 10] },
      ]);
      const error = thrownBy(() => loadList(list), DataError);
      expect(error.message).to.match(expected);
      expect(error.where).to.match(/list\.json: annotations\[1\]\.segmentation$/);
    });
  }

  it('COCO: a picture that claims to be enormous is refused before any mask is made', () => {
    const side = 1e7;
    const segmentation = { size: [side, side], counts: [side * side] };
    const list = cvat([{ category_id: 2, segmentation, bbox: [0, 0, 9, 9] }], {
      width: side,
      height: side,
    });
    expect(() => loadList(list)).to.throw(DataError, /10000000x10000000.*stored as 100x100/);
  });

  it('pictures stay within their folder', () => {
    const shapes = [shape('face', FACE)];
    const escape = (imagePath: string) => () => loadLabelme(labelme(shapes, { imagePath }));
    expect(escape('../outside.jpg')).to.throw(DataError, /imagePath.*leads out of the folder/);
    expect(escape('..\\..\\outside.jpg')).to.throw(DataError, /leads out/);
    expect(() => loadList(labelStudio([], '../outside.jpg'))).to.throw(DataError, /leads out/);
    expect(escape('gone.jpg')).to.throw(DataError, /gone\.jpg: picture not found/);
  });

  it('a training reads them: two updates with a loss of the segmentation', async function () {
    this.timeout(180_000);
    at.write(
      'labels/one.json',
      labelme([shape('face', FACE), shape('occluder', SCARF)], { imageData: 'AAAA' }),
    );
    const config = tinyConfig({ data: dataOf(labelmeSource) }, [
      'model.segmentation.output=region-visible',
      'stages.b.steps=0',
      'stages.c.steps=0',
    ]);
    Object.assign(config.stages[0]!, { steps: 2, data: { it: 1 }, segFraction: 1 });
    const events: TrainEvent[] = [];
    using trainer = new Trainer({
      config,
      device: await testDeviceAsync(),
      outDir: at('run'),
      resume: false,
      signal: new AbortController().signal,
      writers: [{ write: (event) => void events.push(event) }],
    });
    await trainer.prepareAsync();
    expect(await trainer.runAsync()).to.include({ step: 2, reason: 'finished' });
    const losses = events.flatMap((e) => (e.kind === 'progress' ? [e.losses['segmentation']] : []));
    expect(losses).to.have.length(2);
    for (const loss of losses) expect(loss).to.be.a('number').above(0).and.below(20);
  });
});

/** Run lengths as COCO's text: the inverse of what is read. */
function cocoText(counts: readonly number[]): string {
  let text = '';
  counts.forEach((count, i) => {
    let rest = i > 2 ? count - counts[i - 2]! : count;
    for (let isMore = true; isMore;) {
      const bits = rest & 31;
      rest >>= 5;
      isMore = bits & 16 ? rest !== -1 : rest !== 0;
      text += String.fromCharCode((isMore ? bits | 32 : bits) + 48);
    }
  });
  return text;
}
