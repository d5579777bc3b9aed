/** The loaders and the batch pipeline on the shared data sets, which are not part of this project. */
import { expect } from 'chai';
import { join } from 'node:path';
import { DEFAULT_AUGMENT } from '../../src/aofd/config/augment.js';
import { DEFAULT_PAINTER } from '../../src/aofd/config/painter.js';
import { presetConfig } from '../../src/aofd/config/presets.js';
import { loadCoco } from '../../src/aofd/data/sets/coco.js';
import { decodeImage, decodeMaskPng } from '../../src/aofd/data/files/decode.js';
import { loadFddb } from '../../src/aofd/data/sets/fddb.js';
import { loadOcclusionSeg } from '../../src/aofd/data/sets/occlusion-seg.js';
import { BatchLoader } from '../../src/aofd/data/batches/pipeline.js';
import { newLoadReport, type Sample } from '../../src/aofd/data/sample.js';
import { loadWider } from '../../src/aofd/data/sets/wider.js';
import { SHARED, needShared } from '../helpers/shared-data.js';

/** The data set's folder; skips where it is missing. */
function need(test: Mocha.Context, name: string): string {
  needShared(test, `data/${name}`);
  return join(SHARED, 'data', name);
}

const countFaces = (samples: readonly Sample[]): number =>
  samples.reduce((n, s) => n + s.faces.length, 0);

describe('shared data sets', function () {
  this.timeout(120000);

  it('facecount: images and boxes as its PROVENANCE counts them', function () {
    const root = need(this, 'facecount');
    const expected = { train: [1640, 8892], val: [200, 1006], extra: [1700, 6932] };
    for (const [list, counts] of Object.entries(expected)) {
      const report = newLoadReport();
      const options = { imageRoot: join(root, 'images'), report };
      const samples = loadWider(join(root, `${list}_bbx_gt.txt`), options);
      expect([samples.length, countFaces(samples)]).to.deep.equal(counts);
      expect(report.dropped).to.equal(0);
    }
  });

  it('masked: images, classes and ignored faces', function () {
    const root = need(this, 'masked');
    const samples = loadCoco(join(root, 'train.json'), { imageRoot: root });
    const faces = samples.flatMap((s) => s.faces);
    expect([samples.length, faces.length]).to.deep.equal([1560, 4939]);
    const count = (cover: string): number =>
      faces.filter((f) => f.attributes?.cover === cover).length;
    expect(['masked', 'unmasked', 'incorrect'].map(count)).to.deep.equal([3077, 1507, 355]);
    expect(faces.filter((f) => f.ignore)).to.have.length(304);
  });

  it('occlusion-seg: splits, and masks inside the face box', async function () {
    const root = need(this, 'occlusion-seg');
    expect(loadOcclusionSeg(root, { split: 'train' })).to.have.length(332);
    const test = loadOcclusionSeg(root, { split: 'test' });
    expect(test).to.have.length(71);
    for (const sample of test.slice(0, 5)) {
      const image = await decodeImage(sample.file);
      const mask = await decodeMaskPng(sample.segmentation!.maskFile);
      expect([mask.width, mask.height]).to.deep.equal([image.width, image.height]);
      const [x1, y1, x2, y2] = sample.faces[0]!.box;
      mask.data.forEach((m, i) => {
        if (m === 0) return;
        const x = i % mask.width;
        const y = Math.floor(i / mask.width);
        expect(x >= x1 - 1 && x <= x2 + 1 && y >= y1 - 1 && y <= y2 + 1).to.equal(true);
      });
    }
  });

  it('FDDB: 2845 images, 5171 faces; 2768 and 5081 of them present', function () {
    const root = need(this, 'fddb');
    const samples = loadFddb({
      foldDir: join(root, 'FDDB-folds'),
      imageRoot: join(root, 'images'),
    });
    const ellipses = (list: typeof samples): number =>
      list.reduce((n, s) => n + s.ellipses.length, 0);
    const present = samples.filter((s) => s.isPresent);
    expect([samples.length, ellipses(samples)]).to.deep.equal([2845, 5171]);
    expect([present.length, ellipses(present)]).to.deep.equal([2768, 5081]);
  });

  it('makes training batches with painted faces and portraits', async function () {
    const masked = need(this, 'masked');
    const portraits = loadOcclusionSeg(need(this, 'occlusion-seg'), { split: 'train' });
    const samples = loadCoco(join(masked, 'val.json'), { imageRoot: masked, source: 'masked' });
    await using loader = new BatchLoader({
      batchSize: 4,
      width: 320,
      height: 320,
      seed: 1,
      sources: [
        { name: 'masked', samples, weight: 1 },
        { name: 'portraits', samples: portraits, weight: 1 },
      ],
      augment: DEFAULT_AUGMENT,
      painter: DEFAULT_PAINTER,
      paintProbability: 0.8,
      cutoutSamples: portraits.slice(0, 20),
      segFraction: 0.25,
      portraitRatios: presetConfig('lite').data.portraitRatios,
      cacheBytes: 1e8,
    });
    let faces = 0;
    let labelled = 0;
    for (let i = 0; i < 5; i++) {
      const batch = await loader.nextAsync();
      faces += batch.boxes.reduce((n, b) => n + b.length / 4, 0);
      labelled += batch.segLabels.filter((l) => l !== null).length;
    }
    expect(faces).to.be.greaterThan(20);
    expect(labelled).to.be.at.least(5);
  });
});
