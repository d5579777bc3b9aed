import { expect } from 'chai';
import { Detector } from '../../../../src/aofd/detect/detector.js';
import { maskedScoresAsync } from '../../../../src/aofd/detect/inspect/masked-scores.js';
import { paramsOf } from '../../../../src/aofd/weights/detector-weights.js';
import { CounterRng, NnError } from '../../../../src/nn/index.js';
import { testDeviceAsync } from '../../../helpers/device.js';
import { randomWeights } from '../../../helpers/random-weights.js';
import { rejectionAsync } from '../../../helpers/rejection.js';

const CELLS = 49;

describe('maskedScoresAsync', () => {
  const weights = randomWeights();

  /** The head in float64 (docs/spec.md 3.2): what is hidden is 0. */
  function expectedScore(features: Float32Array, mask: readonly number[]): number {
    const params = paramsOf(weights);
    const layer = (name: string, x: readonly number[], isLast = false): number[] => {
      const weight = params.get(`head.${name}.weight`);
      if (!weight) return [...x]; // lite may have one hidden layer
      const bias = params.get(`head.${name}.bias`)!.data;
      const [rows = 0, columns = 0] = weight.shape;
      return Array.from({ length: rows }, (_, r) => {
        let sum = bias[r]!;
        for (let i = 0; i < columns; i++) sum += weight.data[r * columns + i]! * x[i]!;
        return isLast ? sum : Math.max(0, sum);
      });
    };
    const hidden = Array.from(features, (v, i) => v * mask[i % CELLS]!);
    const [other = 0, face = 0] = layer('cls', layer('fc7', layer('fc6', hidden)), true);
    return 1 / (1 + Math.exp(other - face));
  }

  it('gives the head’s score of the features that are left', async () => {
    using detector = await Detector.createAsync({ weights, device: await testDeviceAsync() });
    const { config, model } = detector.network;
    expect(config.model.roiSize ** 2).to.equal(CELLS);
    const channels = model.backbone.levels[model.roiLevel]!.channels;
    const rng = new CounterRng(5, 'masked');
    const features = Float32Array.from({ length: channels * CELLS }, () => 4 * rng.next());
    const masks = [0, 1, 2, 3].map((n) =>
      Array.from({ length: CELLS }, (_, i) => (n > 0 && i % (n + 1) === 0 ? 0 : 1)),
    );
    const found = await maskedScoresAsync(detector.network, { data: features, channels }, [
      ...masks,
      Array<number>(CELLS).fill(0),
    ]);
    expect(found).to.have.length(5);
    // float32 sums of thousands of products against float64
    masks.forEach((mask, n) => {
      expect(found[n], `mask ${n}`).to.be.closeTo(expectedScore(features, mask), 1e-5);
    });
    expect(new Set(found).size).to.equal(5);
    expect(
      await maskedScoresAsync(detector.network, { data: features, channels }, []),
    ).to.have.length(0);
    const error = await rejectionAsync(
      maskedScoresAsync(detector.network, { data: features, channels }, [[1, 0]]),
      NnError,
    );
    expect(error).to.include({ code: 'shape' });
  });
});
