import { expect } from 'chai';
import { Device } from '../../../src/nn/index.js';
import type { Config } from '../../../src/aofd/config/index.js';
import { AofdModel, ParamStore } from '../../../src/aofd/model/index.js';
import { TrainStep } from '../../../src/aofd/train/step/train-step.js';
import { STORED_CURVE, tinyRunAsync, type TinyRun } from '../../helpers/tiny-run.js';
import { drawBatch, tinyConfig } from '../../helpers/training.js';

describe('training step', function () {
  this.timeout(120_000);
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  const run = (config: Config, stage: number, steps: number): Promise<TinyRun> =>
    tinyRunAsync(device, config, stage, steps);

  it('learns, frees everything, and gives the same bits for the same seed', async () => {
    const first = await run(tinyConfig(), 0, 10);
    const totals = first.curve.map((losses) => losses['total'] as number);
    expect(totals[0]).to.be.greaterThan(1.2);
    expect(totals[8]).to.be.lessThan(0.85 * (totals[0] as number));
    expect(new Set(first.liveTensors.slice(1)).size).to.equal(1);
    const again = await run(tinyConfig(), 0, 10);
    expect(again.curve).to.deep.equal(first.curve);
    for (const [name, { data }] of first.parameters) {
      expect(again.parameters.get(name)?.data, name).to.deep.equal(data);
    }
  });

  it('follows the stored loss curve', async () => {
    const { curve } = await run(tinyConfig(), 0, 10);
    curve.forEach((losses, step) => {
      expect(losses['total'], `step ${step}`).to.be.closeTo(
        STORED_CURVE[step] as number,
        0.01 * (STORED_CURVE[step] as number),
      );
    });
  });

  it('trains the generator alone in its stage', async () => {
    const config = tinyConfig();
    const before = await run(config, 1, 0).catch(() => null);
    expect(before).to.not.equal(null);
    const { curve, parameters, last } = await run(config, 1, 3);
    expect(Object.keys(curve[0] ?? {})).to.deep.equal([
      'adversarialClass',
      'compact',
      'generatorTotal',
    ]);
    expect(last.counts.positives).to.equal(last.counts.rois);
    for (const [name, { data }] of parameters) {
      const isSame = data.every((v, i) => v === before?.parameters.get(name)?.data[i]);
      expect(isSame, name).to.equal(!name.startsWith('generator.'));
    }
  });

  it('doubles each RoI in the joint stage, or replaces', async () => {
    const both = tinyConfig({ masking: { jointMode: 'double' } });
    const { curve } = await run(both, 2, 2);
    expect(curve[1]).to.include.keys('class', 'box', 'segmentation', 'rpnClass', 'rpnBox', 'total');
    const { curve: replaced } = await run(tinyConfig({ masking: { jointMode: 'replace' } }), 2, 2);
    expect(replaced[0]?.['class']).to.not.equal(curve[0]?.['class']);
    expect(replaced[0]?.['rpnClass']).to.equal(curve[0]?.['rpnClass']);
  });

  it('trains the detail path of the segmentation branch', async () => {
    const config = tinyConfig({}, ['model.segmentation.detail={"channels":4}']);
    const before = await run(config, 2, 0);
    const { curve, parameters } = await run(config, 2, 3);
    expect(curve.every(({ segmentation }) => Number.isFinite(segmentation))).to.equal(true);
    for (const layer of ['lateral', 'context', 'refine.score']) {
      const name = `segmentation.${layer}.weight`;
      expect(parameters.get(name)?.data, name).to.not.deep.equal(before.parameters.get(name)?.data);
    }
  });

  it('mines hard examples', async () => {
    const config = tinyConfig({ ohem: { enabled: true, batchSize: 12 } });
    const { curve, last } = await run(config, 0, 2);
    expect(last.counts.rois).to.be.within(1, 24);
    expect(curve.every((losses) => Number.isFinite(losses['total']))).to.equal(true);
  });

  it('has a switch for every reading of the generator and of mining', async () => {
    const config = tinyConfig(
      {
        loss: { gamma: 'auto', compact: 'literal' },
        masking: { jointMode: 'double', maskNegatives: false },
        ohem: { enabled: true, batchSize: 12, masked: true, dropout: true, maxRois: 20 },
      },
      ['model.dropout=0.3', 'model.generator.gradient="identity"', 'model.generator.dropout=0.2'],
    );
    for (const stage of [0, 1, 2]) {
      const { curve } = await run(config, stage, 2);
      expect(curve.every((losses) => Object.values(losses).every(Number.isFinite))).to.equal(true);
    }
  });

  it('takes the compact gradient of flipped cells, with a given weight or balanced', async () => {
    for (const gamma of ['auto', 0.01] as const) {
      const flip = await run(tinyConfig({ loss: { gamma, compact: 'flip' } }), 1, 3);
      const relu = await run(tinyConfig({ loss: { gamma, compact: 'relu' } }), 1, 3);
      // The same value at first; another gradient afterwards.
      expect(flip.curve[0]?.['compact']).to.equal(relu.curve[0]?.['compact']);
      expect(flip.curve[2]).to.not.deep.equal(relu.curve[2]);
      expect(flip.curve.every((losses) => Object.values(losses).every(Number.isFinite))).to.equal(
        true,
      );
    }
  });

  it('judges boxes by their overlap where loss.box says so', async () => {
    const config = tinyConfig({ loss: { box: 'giou' }, masking: { jointMode: 'double' } });
    const { curve } = await run(config, 2, 3);
    const { curve: plain } = await run(tinyConfig({ masking: { jointMode: 'double' } }), 2, 1);
    // The same rows are judged: only the box loss differs.
    expect(curve[0]?.['class']).to.equal(plain[0]?.['class']);
    expect(curve[0]?.['box']).to.not.equal(plain[0]?.['box']);
    const box = curve.map((losses) => losses['box'] as number);
    // 1 - GIoU is at most 2 per face, and faces are at most a quarter of the rows.
    for (const value of box) expect(value).to.be.within(0, 0.5);
  });

  it('drops out in the generator stage by its own share', async () => {
    const plain = await run(tinyConfig(), 1, 1);
    const dropped = await run(tinyConfig({}, ['model.generator.dropout=0.9']), 1, 1);
    expect(plain.curve[0]?.['adversarialClass']).to.be.a('number');
    expect(dropped.curve[0]?.['adversarialClass']).not.to.equal(
      plain.curve[0]?.['adversarialClass'],
    );
  });

  it('does without faces, and without any picture labels', async () => {
    const config = tinyConfig();
    const stage = config.stages[0];
    if (!stage) throw new Error('no stage');
    const model = new AofdModel(config.model);
    using params = ParamStore.create(device, model.specs(), 1);
    params.setTrainable(['detector']);
    const runner = new TrainStep(model, params, config, stage);
    const batch = {
      ...drawBatch(0),
      boxes: [new Float32Array(), new Float32Array()],
      ignore: [new Uint8Array(), new Uint8Array()],
      segLabels: [null, null],
    };
    const result = await runner.runAsync(batch, { step: 0 });
    const losses = await result.losses;
    expect(losses['box']).to.equal(0);
    expect(losses['rpnBox']).to.equal(0);
    expect(losses).to.not.have.property('segmentation');
    expect(result.counts.positives).to.equal(0);
    const generatorStage = config.stages[1];
    if (!generatorStage) throw new Error('no stage');
    params.setTrainable(['generator']);
    const generator = new TrainStep(model, params, config, generatorStage);
    const nothing = await generator.runAsync(batch, { step: 0 });
    expect(nothing.hasGradient).to.equal(false);
    expect(await nothing.losses).to.deep.equal({});
  });
});
