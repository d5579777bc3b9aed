import { expect } from 'chai';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Device } from '../../../src/nn/index.js';
import {
  annotatedPngAsync,
  detectFilesAsync,
  listPictures,
  type DetectFilesOptions,
  type FileResult,
} from '../../../src/aofd/detect/files/detect-files.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { PicturePool, threadsFor } from '../../../src/aofd/detect/files/picture-pool.js';
import { encodePng } from '../../../src/aofd/detect/files/png.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

describe('detectFilesAsync', function () {
  this.timeout(120_000);
  let device: Device;
  let detector: Detector;
  const at = useSuiteFolder();

  before(async () => {
    device = await testDeviceAsync();
    const config = smallConfig();
    const test = { ...config.test, smallFaceSize: 40 };
    const weights = randomWeights({ ...config, test });
    detector = await Detector.createAsync({ weights, device, score: 0.4 });
    for (let i = 0; i < 7; i++) {
      const file = at(`p${i}.png`);
      // Pictures of very different sizes are ready in another order than they were asked for.
      const [width, height] = i % 2 ? [40, 30] : [400, 300];
      const data = Uint8Array.from({ length: width * height * 3 }, (_, k) => (k * (37 + i)) % 256);
      fs.writeFileSync(file, i === 3 ? 'no picture' : encodePng({ width, height, data }));
    }
  });
  after(() => {
    detector.dispose();
  });

  async function runAsync(options: DetectFilesOptions): Promise<FileResult[]> {
    const results: FileResult[] = [];
    for await (const result of detectFilesAsync(detector, listPictures([at()]), options)) {
      results.push(result);
    }
    return results;
  }

  const plain = (result: FileResult): unknown =>
    'error' in result
      ? `${result.error.name}: ${result.error.message}`
      : result.detection.faces.map((face) => face.toJSON());

  it('keeps the order of the files, with the same results on threads as without', async () => {
    const single: unknown[] = [];
    for (const { file } of listPictures([at()])) {
      if (path.basename(file) === 'p3.png') single.push(null);
      else single.push((await detector.detectAsync(file)).faces.map((face) => face.toJSON()));
    }
    // The closer look at large pictures belongs to what must be the same.
    const usual = await detector.detectAsync(at('p0.png'), { closerLook: false });
    expect(usual.faces.map((face) => face.toJSON())).to.not.deep.equal(single[0]);
    for (const threads of [0, 1, 2]) {
      const results = await runAsync({ threads, annotate: true });
      const names = results.map(({ picture }) => picture.name);
      expect(names).to.deep.equal([...names].sort());
      results.forEach((result, i) => {
        if (i !== 3) expect(plain(result), `${threads} threads, ${i}`).to.deep.equal(single[i]);
      });
      expect(plain(results[3] as FileResult)).to.match(/^ImageDecodeError: .*p3\.png: .* Fix: /);
      const first = results[0] as Extract<FileResult, { image: unknown }>;
      expect(Buffer.from(first.png as Uint8Array)).to.deep.equal(
        Buffer.from(await annotatedPngAsync(first.image, first.detection.faces)),
      );
    }
  });

  it('ends after the pictures under way when it is interrupted, and leaves nothing behind', async () => {
    const live = device.stats().liveTensors;
    const controller = new AbortController();
    let seen = 0;
    const pictures = listPictures([at()]);
    const many = [...pictures, ...pictures, ...pictures];
    const options = { threads: 1, signal: controller.signal };
    for await (const _result of detectFilesAsync(detector, many, options)) {
      if (++seen === 2) controller.abort();
    }
    expect(seen).to.be.within(2, 2 + 4);
    for await (const _result of detectFilesAsync(detector, many, { threads: 1 })) break;
    expect(device.stats().liveTensors).to.equal(live);
  });

  it('throws what the device throws', async () => {
    const broken = await Detector.createAsync({ weights: randomWeights(), device });
    broken.dispose();
    const run = async (): Promise<void> => {
      for await (const _result of detectFilesAsync(broken, listPictures([at()]))) break;
    };
    const error: unknown = await run().then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).to.have.property('code', 'use-after-free');
  });

  it('refuses a prepared picture without passes', async () => {
    const error: unknown = await detector
      .detectPreparedAsync({ width: 9, height: 9, passes: [], timeMs: 0 })
      .then(
        () => null,
        (e: unknown) => e,
      );
    expect(error).to.have.property('code', 'settings');
  });
});

describe('PicturePool', () => {
  it('takes no thread for a few pictures, and leaves the device a core', () => {
    expect(threadsFor(1, 8)).to.equal(0);
    expect(threadsFor(100, 2)).to.equal(1);
    expect(threadsFor(100, 1)).to.equal(1);
    expect(threadsFor(100, 64)).to.equal(4);
    expect(threadsFor(6, 64)).to.equal(2);
  });

  it('refuses jobs after it was closed', async () => {
    const pool = new PicturePool(1);
    await pool.closeAsync();
    const image = { width: 1, height: 1, data: new Uint8Array(3) };
    const error: unknown = await pool.annotateAsync({ image, faces: [] }).then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).to.be.instanceOf(Error);
  });
});
