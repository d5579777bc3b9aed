import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { AofdModel, ParamStore } from '../../../src/aofd/model/index.js';
import { Checkpoints } from '../../../src/aofd/train/run/checkpoints.js';
import { Position } from '../../../src/aofd/train/run/position.js';
import { TrainingState } from '../../../src/aofd/train/run/training-state.js';
import { TrainStep } from '../../../src/aofd/train/step/train-step.js';
import type { StageConfig } from '../../../src/aofd/config/index.js';
import { failureAsync, isLost, LosingDevice } from '../../helpers/losing-device.js';
import { useTempFolder } from '../../helpers/temp-folder.js';
import { drawBatch, tinyConfig } from '../../helpers/training.js';

describe('a device that is lost in training', function () {
  this.timeout(300_000);

  /** One update of a stage; the device is lost at wait number `loseAt`. */
  async function updateAsync(config: ReturnType<typeof tinyConfig>, name: string, loseAt: number) {
    const losing = await LosingDevice.createAsync();
    const { device } = losing;
    const stage = config.stages.find((s) => s.name === name) as StageConfig;
    const model = new AofdModel(config.model);
    const params = ParamStore.create(device, model.specs(), 1);
    const state = new TrainingState(device, params, config, stage);
    const step = new TrainStep(model, params, config, stage);
    losing.count = 0;
    losing.loseAt = loseAt;
    const failure = await failureAsync(async () => {
      const { hasGradient, losses } = await step.runAsync(drawBatch(1), { step: 1 });
      const norm = state.clipAndReadNormAsync();
      if (hasGradient) state.update(0.01);
      await losses;
      await norm;
      await device.settledAsync();
    });
    const waits = losing.count;
    losing.loseAt = Infinity;
    await device.destroyAsync();
    return { ...failure, waits };
  }

  const config = tinyConfig({ ohem: { enabled: true, batchSize: 8 } });
  for (const stage of ['a', 'b', 'c']) {
    it(`gives one error at each wait of an update, and nothing unhandled (stage ${stage})`, async () => {
      const { error, unhandled, waits } = await updateAsync(config, stage, Infinity);
      expect(error).to.equal(null);
      expect(unhandled).to.deep.equal([]);
      expect(waits).to.be.greaterThan(2);
      for (let at = 0; at < waits; at++) {
        const lost = await updateAsync(config, stage, at);
        expect(lost.unhandled.map(String), `unhandled at wait ${at}`).to.deep.equal([]);
        expect(isLost(lost.error), `wait ${at}: ${String(lost.error)}`).to.equal(true);
      }
    });
  }

  const at = useTempFolder();
  it('is told as such while a checkpoint is written, and leaves no file', async () => {
    const losing = await LosingDevice.createAsync();
    const { device } = losing;
    const stage = config.stages[0] as StageConfig;
    const model = new AofdModel(config.model);
    const params = ParamStore.create(device, model.specs(), 1);
    const state = new TrainingState(device, params, config, stage);
    const checkpoints = new Checkpoints(config, at('run'));
    losing.count = 0;
    losing.loseAt = 3; // in the middle of the values
    const { error, unhandled } = await failureAsync(() =>
      checkpoints.saveAsync(state, stage, new Position(0, 1, 1)),
    );
    losing.loseAt = Infinity;
    await device.destroyAsync();
    expect(isLost(error), String(error)).to.equal(true);
    expect(unhandled).to.deep.equal([]);
    expect(readdirSync(at('run/checkpoints'))).to.deep.equal([]);
  });
});
