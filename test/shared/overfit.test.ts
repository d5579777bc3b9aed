import { expect } from 'chai';
import { join } from 'node:path';
import { Device } from '../../src/nn/index.js';
import { NO_AUGMENT, resolveConfig } from '../../src/aofd/config/index.js';
import { BatchMaker } from '../../src/aofd/data/batches/make-batch.js';
import { boxIou } from '../../src/aofd/boxes/index.js';
import { boxShortSide } from '../../src/aofd/data/sample.js';
import { Detector } from '../../src/aofd/detect/detector.js';
import { AofdModel, ParamStore } from '../../src/aofd/model/index.js';
import { TrainStep, canvasBatchOptions, loadSource } from '../../src/aofd/train/run/index.js';
import { TrainingState } from '../../src/aofd/train/run/training-state.js';
import { SHARED, needShared } from '../helpers/shared-data.js';

const data = join(SHARED, 'data');
const size = 256;
const updates = 240;

/** Eight photographs of masked/train, learned by heart: every face must be found again. */
describe('eight photographs', function () {
  this.timeout(900_000);

  it('can be overfitted to recall 1.0', async function () {
    needShared(this, 'data/masked');
    const config = resolveConfig({
      preset: 'lite',
      input: { canvas: [size, size], maxSize: size },
      data: {
        root: data,
        augment: { ...NO_AUGMENT, minFacePx: 8 },
      },
    });
    const samples = loadSource(config, 'masked')
      .filter(({ faces, width = 0, height = 0 }) => {
        const scale = size / Math.min(width, height);
        return faces.length > 0 && faces.every(({ box }) => boxShortSide(box) * scale >= 20);
      })
      .slice(0, 8);
    expect(samples).to.have.length(8);
    const stage = { ...config.stages[0]!, paintProbability: 0, segFraction: 0, mu: 0 };
    const batches = [];
    for (const sample of samples) {
      const sources = [{ name: sample.id, weight: 1, samples: [sample] }];
      const options = canvasBatchOptions(config, stage, sources, [size, size]);
      batches.push(await new BatchMaker({ ...options, batchSize: 1 }).makeAsync(0));
    }
    const device = await Device.createAsync();
    try {
      const model = new AofdModel(config.model);
      using params = ParamStore.create(device, model.specs(), 1);
      using state = new TrainingState(
        device,
        params,
        { ...config, optim: { ...config.optim, ema: 0 } },
        stage,
      );
      const runner = new TrainStep(model, params, config, stage);
      for (let step = 0; step < updates; step++) {
        for (let i = 0; i < 2; i++) {
          const batch = batches[(2 * step + i) % batches.length]!;
          await runner.runAsync(batch, { step: 2 * step + i, lossScale: 0.5 });
        }
        const warm = Math.min(1, (step + 1) / 20);
        const cool = step > 0.75 * updates ? 0.2 : 1;
        state.optimizer.step(0.001 * warm * cool);
        state.optimizer.zeroGrad();
      }
      const detector = Detector.fromModel(
        { config, model, params },
        { score: 0.5, occlusion: false },
      );
      let faces = 0;
      let found = 0;
      for (const batch of batches) {
        const { faces: seen } = await detector.detectAsync({
          width: size,
          height: size,
          data: batch.images,
        });
        const boxes = Float64Array.from(seen.flatMap((face) => [...face.box]));
        const wanted = batch.boxes[0]!;
        for (let g = 0; g < wanted.length / 4; g++) {
          if (batch.ignore[0]![g] === 1) continue;
          faces++;
          if (seen.some((_, d) => boxIou(boxes, d, wanted, g, 'inclusive') >= 0.5)) found++;
        }
      }
      expect(faces).to.be.at.least(8);
      expect(found / faces, `${found} of ${faces} faces`).to.equal(1);
    } finally {
      await device.destroyAsync();
    }
  });
});
