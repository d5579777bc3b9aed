import { expect } from 'chai';
import { Device } from '../../../src/nn/index.js';
import { AofdModel, ParamStore } from '../../../src/aofd/model/index.js';
import { prepareStepAsync } from '../../../src/aofd/train/run/prepare-step.js';
import { TrainStep } from '../../../src/aofd/train/step/train-step.js';
import { TrainingState } from '../../../src/aofd/train/run/training-state.js';
import { drawBatch, tinyConfig } from '../../helpers/training.js';

describe('prepareStepAsync', function () {
  this.timeout(180_000);

  for (const stageIndex of [0, 1]) {
    it(`compiles what an update of stage ${stageIndex} uses, and leaves nothing behind`, async () => {
      const config = tinyConfig();
      const stage = config.stages[stageIndex] as (typeof config.stages)[number];
      const device = await Device.createAsync();
      const model = new AofdModel(config.model);
      const params = ParamStore.create(device, model.specs(), 1);
      const before = device.stats();
      await prepareStepAsync(params, model, config, stage, drawBatch(0));
      const prepared = device.stats();
      expect(prepared.pipelines).to.be.within(before.pipelines + 20, before.pipelines + 80);
      expect(prepared.liveBytes).to.equal(before.liveBytes);
      expect(prepared.dispatches).to.equal(before.dispatches);
      const state = new TrainingState(device, params, config, stage);
      const runner = new TrainStep(model, params, config, stage);
      const { losses } = await runner.runAsync(drawBatch(0), { step: 0 });
      state.clipGradients();
      state.update(0.001);
      await losses;
      expect(device.stats().pipelines).to.be.at.most(prepared.pipelines + 2);
      state[Symbol.dispose]();
      params.dispose();
      await device.destroyAsync();
    });
  }
});
