/** Each readback waits for the device: these lists may only grow on purpose. */
import { expect } from 'chai';
import type { Device } from '../../../src/nn/index.js';
import { Detector } from '../../../src/aofd/detect/detector.js';
import { AofdModel, ParamStore } from '../../../src/aofd/model/index.js';
import { TrainStep } from '../../../src/aofd/train/step/train-step.js';
import { testDeviceAsync } from '../../helpers/device.js';
import { drawBatch, tinyConfig } from '../../helpers/training.js';
import { randomWeights } from '../../helpers/random-weights.js';

describe('readbacks', () => {
  let device: Device;
  before(async () => {
    device = await testDeviceAsync();
  });

  async function causesAsync(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = device.stats();
    await work();
    const after = device.stats();
    const causes: Record<string, number> = {};
    for (const [cause, count] of Object.entries(after.readbackCauses)) {
      const added = count - (before.readbackCauses[cause] ?? 0);
      if (added > 0) causes[cause] = added;
    }
    const total = Object.values(causes).reduce((a, b) => a + b, 0);
    expect(after.readbacks - before.readbacks).to.equal(total);
    return causes;
  }

  it('of a detection: scores and boxes of both stages, and the occluder map', async () => {
    await using detector = await Detector.createAsync({ weights: randomWeights(), device });
    const picture = { width: 96, height: 64, data: new Uint8Array(96 * 64 * 3).fill(99) };
    await detector.detectAsync(picture);
    expect(await causesAsync(() => detector.detectAsync(picture))).to.deep.equal({
      'rpn scores': 1,
      'rpn boxes': 1,
      'occluder map': 1,
      'head scores': 1,
      'head boxes': 1,
    });
  });

  it('of a training step: proposals, gates of the segmentation loss, losses', async () => {
    const config = tinyConfig();
    const model = new AofdModel(config.model);
    using params = ParamStore.create(device, model.specs(), 1);
    const runner = new TrainStep(
      model,
      params,
      config,
      config.stages[0] as (typeof config.stages)[number],
    );
    const causes = await causesAsync(async () => {
      const { losses } = await runner.runAsync(drawBatch(0), { step: 0 });
      await losses;
    });
    expect(causes).to.deep.equal({
      'rpn scores': 1,
      'rpn boxes': 1,
      'segmentation gates': 1,
      losses: 1,
    });
  });
});
