import { expect } from 'chai';
import { parseSafetensors } from '../../../src/nn/io/index.js';
import { NnError, type Device } from '../../../src/nn/index.js';
import { CounterRng } from '../../../src/nn/index.js';
import { checkModelAsync } from '../../../src/aofd/detect/inspect/check-model.js';
import { inspectAsync } from '../../../src/aofd/detect/inspect/inspect.js';
import { Detector, type Detection } from '../../../src/aofd/detect/detector.js';
import { AofdModel, ParamStore } from '../../../src/aofd/model/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';

function noise(width: number, height: number, seed = 1) {
  const rng = new CounterRng(seed, 'picture');
  const data = Uint8Array.from({ length: width * height * 3 }, () => 256 * rng.next());
  return { width, height, data };
}

const plain = ({ faces }: Detection): unknown => faces.map((face) => face.toJSON());

async function errorOf(work: () => Promise<unknown>): Promise<NnError> {
  const error = await work().then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).to.be.instanceOf(NnError);
  return error as NnError;
}

describe('Detector', () => {
  let device: Device;
  let detector: Detector;

  before(async function () {
    device = await testDeviceAsync();
    // Untrained scores lie about 0.5: a low threshold gives many faces.
    detector = await Detector.createAsync({ weights: randomWeights(), device, score: 0.3 });
    await detector.warmUpAsync(96, 64);
  });

  after(() => detector.dispose());

  it('finds boxes inside of the picture, best first, with what covers them', async () => {
    const { faces, width, height, timeMs } = await detector.detectAsync(noise(90, 60));
    expect([width, height]).to.deep.equal([90, 60]);
    expect(timeMs).to.be.greaterThan(0);
    expect(faces.length).to.be.greaterThan(0);
    expect(faces.length).to.be.at.most(detector.config.test.maxDetections);
    let before = 1;
    for (const { box, score, occlusion } of faces) {
      expect(score).to.be.within(0.3, before);
      before = score;
      expect(box[0]).to.be.at.least(0);
      expect(box[2]).to.be.within(box[0], 90);
      expect(box[3]).to.be.within(box[1], 60);
      expect(occlusion?.ratio).to.be.within(0, 1);
      expect(occlusion?.mask.data.length).to.equal(
        (occlusion?.mask.width ?? 0) * (occlusion?.mask.height ?? 0),
      );
    }
  });

  it('gives the same bits twice, and at the same time', async () => {
    const pictures = [noise(90, 60, 1), noise(64, 80, 2), noise(90, 60, 3)];
    const first: unknown[] = [];
    for (const picture of pictures) first.push(plain(await detector.detectAsync(picture)));
    const second = await Promise.all(pictures.map((picture) => detector.detectAsync(picture)));
    expect(second.map(plain)).to.deep.equal(first);
  });

  it('leaks nothing over 100 detections', async () => {
    const picture = noise(48, 40);
    await detector.detectAsync(picture);
    const before = device.stats();
    for (let i = 0; i < 100; i++) await detector.detectAsync(picture);
    const after = device.stats();
    expect(after.liveTensors).to.equal(before.liveTensors);
    expect(after.liveBytes).to.equal(before.liveBytes);
    expect(after.pooledBytes).to.equal(before.pooledBytes);
  });

  it('takes settings per call: score, several scales, mirror, no occlusion', async () => {
    const picture = noise(60, 60);
    expect((await detector.detectAsync(picture, { score: 0.99 })).faces).to.have.length(0);
    const more = await detector.detectAsync(picture, { scales: [1, 1.5], flip: true, score: 0.5 });
    expect(more.faces.length).to.be.greaterThan(0);
    const bare = await detector.detectAsync(picture, { occlusion: false, maxDetections: 3 });
    expect(bare.faces.length).to.be.within(1, 300);
    expect(bare.faces.every((face) => face.occlusion === null)).to.equal(true);
  });

  it('works over a network that someone else owns, frozen or in training', async () => {
    const { config } = detector;
    const model = new AofdModel(config.model);
    using params = ParamStore.create(device, model.specs(), 7);
    const other = Detector.fromModel({ config, model, params }, { score: 0.3 });
    const picture = noise(90, 60);
    const got = plain(await other.detectAsync(picture));
    expect(got).to.deep.equal(plain(await detector.detectAsync(picture)));
    other.dispose();
    expect(params.get('head.cls.weight').disposed).to.equal(false);
  });

  it('says what is wrong with weights, pictures and settings', async () => {
    const { metadata, tensors } = randomWeights();
    const none = await errorOf(() =>
      Detector.createAsync({ weights: { metadata: {}, tensors }, device }),
    );
    expect(none.message).to.include('no configuration').and.include('Fix: ');
    const some = new Map(tensors);
    some.delete('head.cls.weight');
    const missing = await errorOf(() =>
      Detector.createAsync({ weights: { metadata, tensors: some }, device }),
    );
    expect(missing.message).to.include('1 parameters are missing (head.cls.weight)');
    const wider = smallConfig();
    wider.model.hidden6 = 64;
    const shape = await errorOf(() =>
      Detector.createAsync({ weights: randomWeights(), config: wider, device }),
    );
    expect(shape.code).to.equal('weights-shape');
    const picture = await errorOf(() =>
      detector.detectAsync({ width: 4, height: 4, data: new Uint8Array(5) }),
    );
    expect(picture.message).to.include('needs 48 bytes of RGB or 64 of RGBA, got 5');
    const scales = await errorOf(() =>
      Detector.createAsync({ weights: randomWeights(), device, scales: [] }),
    );
    expect(scales.message).to.include('scales');
    for (const wrong of [{ score: NaN }, { nmsIou: 2 }, { maxDetections: 0 }, { scales: [0] }]) {
      const error = await errorOf(() => detector.detectAsync(noise(8, 8), wrong));
      expect(error.code, JSON.stringify(wrong)).to.equal('settings');
    }
    const gone = await Detector.createAsync({ weights: randomWeights(), device });
    gone.dispose();
    expect((await errorOf(() => gone.detectAsync(noise(8, 8)))).code).to.equal('use-after-free');
  });

  it('refuses weights that are not finite, by the name of the tensor', async () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const { metadata, tensors } = randomWeights();
      const name = 'head.fc6.bias';
      const tensor = tensors.get(name) as { shape: number[]; dtype: 'F32'; data: Float32Array };
      const data = tensor.data.slice();
      data[3] = value;
      const changed = new Map(tensors).set(name, { ...tensor, data });
      const error = await errorOf(() =>
        Detector.createAsync({ weights: { metadata, tensors: changed }, device }),
      );
      expect(error.code).to.equal('weights-not-finite');
      expect(error.message).to.include(name).and.include(`${value}, at index 3`);
    }
  });

  it('frees everything when weights are refused', async () => {
    const before = device.stats().liveTensors;
    const { metadata } = randomWeights();
    await errorOf(() =>
      Detector.createAsync({ weights: { metadata, tensors: new Map() }, device }),
    );
    expect(device.stats().liveTensors).to.equal(before);
    expect(() => parseSafetensors(new Uint8Array(4), 'short.safetensors')).to.throw(
      'short.safetensors',
    );
  });

  it('hands out every intermediate tensor by name', async () => {
    const { faces, tensors, scale } = await inspectAsync(detector, noise(90, 60));
    const shapeOf = (name: string): readonly number[] | undefined => tensors.get(name)?.shape;
    expect(scale).to.be.closeTo(128 / 90, 1e-9);
    expect(shapeOf('input')).to.deep.equal([1, 3, 96, 128]);
    expect(shapeOf('rpn/objectness/stride8')?.slice(1)).to.deep.equal([12, 16]);
    expect(shapeOf('features/stride32')?.slice(2)).to.deep.equal([3, 4]);
    expect(shapeOf('generator/heat')).to.deep.equal([faces.length, 7, 7]);
    expect(shapeOf('pooled')?.[0]).to.equal(faces.length);
    const mask = tensors.get('generator/mask')?.data as Float32Array;
    const hidden = mask.subarray(0, 49).filter((v) => v === 0).length;
    expect(hidden).to.equal(detector.config.masking.trainCells);
    expect(shapeOf('segmentation/occluder')).to.deep.equal([60, 90]);
    const proposals = shapeOf('proposals/scores')?.[0];
    expect(shapeOf('head/class_logits')).to.deep.equal([proposals, 2]);
  });

  it('agrees with the CPU references layer by layer', async () => {
    const report = await checkModelAsync(detector.network, { width: 64, height: 64 });
    const failed = report.rows.filter((row) => !row.passed);
    expect(failed).to.deep.equal([]);
    expect(report.rows.filter((row) => row.note === 'no reference')).to.deep.equal([]);
    expect(report.rows.length).to.be.greaterThan(40);
  });

  it('agrees with them where the segmentation branch has a detail path, odd maps too', async () => {
    const config = smallConfig();
    config.model.segmentation.detail = { channels: 8 };
    config.input.padMultiple = 1; // 90x70: 23x18 cells of stride 4, 12x9 of stride 8
    await using fine = await Detector.createAsync({ weights: randomWeights(config), device });
    for (const size of [
      { width: 64, height: 64 },
      { width: 90, height: 70 },
    ]) {
      const { rows } = await checkModelAsync(fine.network, size);
      expect(rows.filter((row) => !row.passed || row.note === 'no reference')).to.deep.equal([]);
      const names = rows.map((row) => row.name);
      expect(names).to.include.members(['segmentation.lateral', 'segmentation.refine.score']);
    }
  });
});
