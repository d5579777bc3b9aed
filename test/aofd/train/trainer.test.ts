import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Device } from '../../../src/nn/index.js';
import { readSafetensorsFile } from '../../../src/nn/io/files/index.js';
import type { Config } from '../../../src/aofd/config/index.js';
import {
  JsonlWriter,
  TrainStep,
  Trainer,
  type TrainEvent,
  type TrainResult,
} from '../../../src/aofd/train/run/index.js';
import { TrainError } from '../../../src/aofd/errors.js';
import type { HostParam } from '../../../src/aofd/model/index.js';
import { DrawnLoader, drawBatch, tinyConfig } from '../../helpers/training.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

describe('trainer', function () {
  this.timeout(180_000);
  let device: Device;
  const at = useTempFolder();
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  async function train(
    outDir: string,
    config: Config,
    options: {
      resume?: boolean;
      stopAfter?: number;
      events?: TrainEvent[];
      initialWeights?: ReadonlyMap<string, HostParam>;
    } = {},
  ): Promise<TrainResult> {
    const stop = new AbortController();
    using trainer = new Trainer({
      config,
      device,
      outDir,
      resume: options.resume ?? false,
      signal: stop.signal,
      ...(options.initialWeights ? { initialWeights: options.initialWeights } : {}),
      writers: [
        new JsonlWriter(join(outDir, 'metrics.jsonl')),
        {
          write: (event) => {
            options.events?.push(event);
            if (event.kind === 'progress' && event.step === options.stopAfter) stop.abort();
          },
        },
      ],
      makeLoader: (_, start) => new DrawnLoader(start),
    });
    await trainer.prepareAsync();
    return await trainer.runAsync();
  }

  function weightsOf(outDir: string): Record<string, unknown> {
    return readSafetensorsFile(join(outDir, 'weights.safetensors')).tensors;
  }

  it('runs every stage; stopped and resumed equals uninterrupted, bit for bit', async () => {
    const config = tinyConfig();
    const events: TrainEvent[] = [];
    const whole = await train(at('whole'), config, { events });
    expect(whole).to.include({ step: 9, reason: 'finished' });
    expect(events.filter((e) => e.kind === 'start').map((e) => e.stage)).to.deep.equal([
      'a',
      'b',
      'c',
    ]);
    const parts = at('parts');
    const live = device.stats().liveTensors;
    // At the last update of stage a, and inside stage c.
    for (const [i, stopAfter] of [4, 7].entries()) {
      const stopped = await train(parts, config, { resume: i > 0, stopAfter });
      expect(stopped.reason).to.equal('interrupted');
    }
    const finished = await train(parts, config, { resume: true });
    expect(finished).to.include({ step: 9, reason: 'finished' });
    expect(weightsOf(parts)).to.deep.equal(weightsOf(at('whole')));
    expect(device.stats().liveTensors).to.equal(live);
    const lines = readFileSync(join(parts, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const kinds = lines.map((line) => (JSON.parse(line) as TrainEvent).kind);
    expect(kinds.filter((kind) => kind === 'progress').length).to.equal(9);
  });

  it('resumes with SGD and accumulated batches', async () => {
    const config = tinyConfig({
      optim: {
        kind: 'sgd',
        lr: 0.01,
        weightDecay: 5e-4,
        accumulate: 2,
        ema: 0,
        updateUntouched: true,
      },
    });
    await train(at('whole'), config);
    const parts = at('parts');
    await train(parts, config, { stopAfter: 3 });
    await train(parts, config, { resume: true });
    expect(weightsOf(parts)).to.deep.equal(weightsOf(at('whole')));
  });

  it('names the settings that a resumed run changes', async () => {
    await train(at(), tinyConfig(), { stopAfter: 1 });
    const events: TrainEvent[] = [];
    await train(at(), tinyConfig({}, ['stages.a.lr=0.001', 'train.keepLast=3']), {
      resume: true,
      stopAfter: 2,
      events,
    });
    const notes = events.flatMap((e) => (e.kind === 'notice' ? [e.text] : [])).join('\n');
    expect(notes).to.include('(stages.0.lr, train.keepLast)');
  });

  it('tells which initial weights fit this network', async () => {
    const values = new Map([
      ['rpn.cls.bias', { shape: [6], data: new Float32Array(6) }],
      ['segmentation.lateral.bias', { shape: [4], data: new Float32Array(4) }],
    ]);
    const events: TrainEvent[] = [];
    await train(at(), tinyConfig(), { stopAfter: 1, events, initialWeights: values });
    const notes = events.flatMap((e) => (e.kind === 'notice' ? [e.text] : [])).join('\n');
    expect(notes).to.match(/1 parameters loaded, \d+ start at random, 1 are of another network/);
  });

  it('refuses to write over a run', async () => {
    const config = tinyConfig({}, ['stages.a.steps=1', 'stages.b.steps=0', 'stages.c.steps=0']);
    await train(at(), config);
    let message = '';
    await train(at(), config).catch((error: unknown) => {
      if (error instanceof TrainError) message = `${error.message} ${error.fix}`;
    });
    expect(message).to.match(/already holds.*--resume/);
  });

  it('stops on a loss that is not finite, naming pictures and checkpoint', async () => {
    const config = tinyConfig({}, ['stages.a.lr=1e6', 'optim.clipNorm=0']);
    let error: unknown;
    await train(at(), config).catch((thrown: unknown) => {
      error = thrown;
    });
    expect(error).to.be.instanceOf(TrainError);
    expect((error as TrainError).message).to.match(
      /not finite \(.*drawn-\d-0.*Last checkpoint: none/,
    );
  });

  it('dumps everything of one step', async () => {
    const config = tinyConfig();
    using trainer = new Trainer({
      config,
      device,
      outDir: at(),
      makeLoader: (_, s) => new DrawnLoader(s),
    });
    await trainer.prepareAsync();
    const file = at('step.safetensors');
    await trainer.dumpStepAsync(file);
    const { tensors, metadata } = readSafetensorsFile(file);
    const batch = drawBatch(0);
    expect(tensors['input/pixels']?.data).to.deep.equal(batch.images);
    expect(tensors['images']?.shape).to.deep.equal([2, 3, 96, 96]);
    for (const name of [
      'rois',
      'roi.labels',
      'roi.targets',
      'roi.pooled',
      'loss.class',
      'loss.segmentation',
    ]) {
      expect(tensors, name).to.have.property(name);
    }
    const losses = JSON.parse(metadata['losses'] ?? '{}') as Record<string, number>;
    expect(losses['class']).to.equal((tensors['loss.class']?.data as Float32Array)[0]);
    for (const spec of trainer.params.specs) {
      expect(tensors).to.have.property(`before/${spec.name}`);
      expect(tensors).to.have.property(`after/${spec.name}`);
      const hasGradient = `grad/${spec.name}` in tensors;
      expect(hasGradient, spec.name).to.equal(spec.group !== 'generator');
    }
  });

  it('dumps a batch that training takes, with its random numbers, where updates take several', async () => {
    const config = tinyConfig({}, ['optim.accumulate=2']);
    const makeLoader = (_: unknown, start: number): DrawnLoader => new DrawnLoader(start);
    const original = TrainStep.prototype.runAsync;
    let taken: { ids: readonly string[]; step: number }[] = [];
    TrainStep.prototype.runAsync = function (batch, options) {
      // A stage also records steps ahead, on a device that does not compute: those have no losses' scale.
      if (options.lossScale ?? options.inspect) taken.push({ ids: batch.ids, step: options.step });
      return original.call(this, batch, options);
    };
    try {
      await train(at(), config, { stopAfter: 1 }); // seen after the next update has begun: it ends at 2
      taken = [];
      {
        using dumping = new Trainer({ config, device, outDir: at(), resume: true, makeLoader });
        await dumping.prepareAsync();
        await dumping.dumpStepAsync(at('step.safetensors'));
      }
      const [dumped] = taken;
      taken = [];
      await train(at(), config, { resume: true, stopAfter: 3 });
      expect(taken.slice(0, 2).map(({ step }) => step)).to.deep.equal([4, 5]);
      expect(dumped).to.deep.equal(taken[0]);
      expect(dumped?.ids).to.deep.equal(drawBatch(4).ids);
    } finally {
      TrainStep.prototype.runAsync = original;
    }
  });
});
