import { expect } from 'chai';
import type { Device } from '../../../src/nn/index.js';
import { parseSafetensors, toFloat32, type StoredTensor } from '../../../src/nn/io/index.js';
import { boxIou } from '../../../src/aofd/boxes/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { checkModelAsync } from '../../../src/aofd/detect/inspect/check-model.js';
import { inspectAsync } from '../../../src/aofd/detect/inspect/inspect.js';
import { decodeImage } from '../../../src/aofd/data/files/decode.js';
import {
  defaultWeightsFile,
  readWeightsAsync,
} from '../../../src/aofd/weights/files/detector-weights.js';
import { webWeights } from '../../../src/aofd/weights/web-weights.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { gradientImage } from '../../helpers/pictures.js';
import { randomWeights } from '../../helpers/random-weights.js';

const photographs = [1, 2, 3, 4, 5, 6].map(
  (i) => `node_modules/@vladmandic/face-api/demo/sample${i}.jpg`,
);

describe('weights for the web', () => {
  let device: Device;

  before(async () => {
    device = await testDeviceAsync();
  });

  it('of the package are the same values, and fit into 2.6 MB', async () => {
    const given = await readWeightsAsync(defaultWeightsFile());
    const small = webWeights(given);
    expect(small.byteLength).to.be.at.most(2.6e6);
    const { tensors } = parseSafetensors(small);
    for (const [name, tensor] of tensors) {
      const values = toFloat32(given.tensors.get(name)!);
      expect(
        Buffer.from(toFloat32(tensor).buffer).equals(Buffer.from(values.buffer)),
        name,
      ).to.equal(true);
    }
  });

  it('of float32 values find the same faces', async () => {
    // As if they had just been trained: up to half of a float16 step away.
    const { metadata, tensors } = await readWeightsAsync(defaultWeightsFile());
    const moved = Array.from(tensors, ([name, tensor]): [string, StoredTensor] => {
      const data = toFloat32(tensor).map((v, i) => v * (1 + 2 ** -12 * Math.sin(i)));
      return [name, { shape: tensor.shape, dtype: 'F32', data }];
    });
    const exact = { metadata, tensors: new Map(moved) };
    const full = await Detector.createAsync({ weights: exact, device });
    const web = await Detector.createAsync({
      weights: parseSafetensors(webWeights(exact)),
      device,
    });
    let count = 0;
    for (const file of photographs) {
      const image = await decodeImage(file, { autoOrient: true });
      const { faces: expected } = await full.detectAsync(image);
      const { faces } = await web.detectAsync(image);
      expect(faces, file).to.have.length(expected.length);
      faces.forEach((face, i) => {
        const other = expected[i]!;
        // A candidate on the brink of voting moves a box by some tenths of a pixel.
        expect(boxIou(face.box, 0, other.box, 0), file).to.be.greaterThan(0.98);
        expect(face.score, file).to.be.closeTo(other.score, 4e-3);
        expect(face.occlusion?.ratio).to.be.closeTo(other.occlusion?.ratio ?? NaN, 0.01);
      });
      count += faces.length;
    }
    expect(count).to.be.greaterThan(5);
    full.dispose();
    web.dispose();
  });

  it('keep configuration, order of names and the mask generator by choice', () => {
    const given = randomWeights();
    const names = (bytes: Uint8Array): string[] => [...parseSafetensors(bytes).tensors.keys()];
    const all = [...given.tensors.keys()];
    expect(names(webWeights(given, { withGenerator: true }))).to.deep.equal(all);
    const without = all.filter((name) => !name.startsWith('generator.'));
    expect(without.length).to.be.lessThan(all.length);
    expect(names(webWeights(given))).to.deep.equal(without);
    const { metadata, tensors } = parseSafetensors(webWeights(given));
    expect(metadata).to.deep.equal(given.metadata);
    for (const tensor of tensors.values()) expect(tensor.dtype).to.equal('F16');
  });

  it('without a mask generator serve for detection, looks inside and the check of layers', async () => {
    const weights = parseSafetensors(webWeights(randomWeights()));
    await using detector = await Detector.createAsync({ weights, device, score: 0.3 });
    const picture = gradientImage(90, 60);
    expect((await detector.detectAsync(picture)).faces).to.not.be.empty;
    const { tensors, faces } = await inspectAsync(detector, picture);
    expect(faces).to.not.be.empty;
    expect(tensors.has('generator/heat')).to.equal(false);
    const { passed, rows } = await checkModelAsync(detector.network);
    expect(passed).to.equal(true);
    expect(rows.length).to.be.greaterThan(20);
  });

  it('that lack parameters of the detector are refused', async () => {
    const given = randomWeights();
    const tensors = new Map([...given.tensors].filter(([name]) => !name.startsWith('head.')));
    const error = await Detector.createAsync({ weights: { ...given, tensors }, device }).then(
      () => null,
      (e: unknown) => e,
    );
    expect(error).to.have.property('code', 'weights-missing');
  });
});
