import { expect } from 'chai';
import { NnError, type Device } from '../../../src/nn/index.js';
import type { Config } from '../../../src/aofd/config/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { detectPassAsync, type PassResult } from '../../../src/aofd/detect/forward.js';
import { preparePass } from '../../../src/aofd/detect/prepare.js';
import { AnchorCache } from '../../../src/aofd/model/index.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { randomWeights, smallConfig } from '../../helpers/random-weights.js';
import { rejectionAsync } from '../../helpers/rejection.js';

describe('proposals in a detection', () => {
  let device: Device;
  const image = {
    width: 96,
    height: 96,
    data: Uint8Array.from({ length: 96 * 96 * 3 }, (_, i) => (i * 7919) % 256),
  };

  before(async () => {
    device = await testDeviceAsync();
  });

  const detectorOf = (change: (config: Config) => void): Promise<Detector> => {
    const config = smallConfig(96);
    config.proposals.test.postNmsTop = 5;
    config.proposals.test.minScore = 0;
    change(config);
    return Detector.createAsync({ weights: randomWeights(config), device });
  };

  async function passAsync(change: (config: Config) => void): Promise<PassResult> {
    using detector = await detectorOf(change);
    const { network, config } = detector;
    const anchors = new AnchorCache(network.model, config.boxes.convention);
    const pass = preparePass(image, config.input);
    return await detectPassAsync(network, anchors, { pass, ...image }, { wantsOccluders: false });
  }

  it('count in the score of a face by their weight', async () => {
    const head = await passAsync(() => undefined);
    const half = await passAsync((config) => (config.test.proposalWeight = 0.5));
    expect(head.candidates.scores).to.have.length(5);
    head.candidates.scores.forEach((score, i) => {
      const both = Math.sqrt(score * head.proposals.scores[i]!);
      expect(half.candidates.scores[i]).to.be.closeTo(both, 1e-9);
      expect(both).to.not.be.closeTo(score, 1e-6);
    });
  });

  it('are more where more are likely faces, and so may faces be', async () => {
    const crowd = { score: 0, top: 40 };
    const usual = await passAsync(() => undefined);
    const more = await passAsync((config) => (config.proposals.test.crowd = crowd));
    expect(usual.proposals.scores).to.have.length(5);
    expect(more.proposals.scores).to.have.length(40);
    expect([...more.proposals.scores.subarray(0, 5)]).to.deep.equal([...usual.proposals.scores]);
    const sure = (more.proposals.scores[9]! + more.proposals.scores[10]!) / 2;
    const some = await passAsync(
      (config) => (config.proposals.test.crowd = { score: sure, top: 40 }),
    );
    expect(some.proposals.scores).to.have.length(10);

    using detector = await detectorOf((config) => (config.proposals.test.crowd = crowd));
    await detector.detectAsync(image, { maxDetections: 40 });
    const error = await rejectionAsync(detector.detectAsync(image, { maxDetections: 41 }), NnError);
    expect(error.message).to.include('40 regions');
  });
});
