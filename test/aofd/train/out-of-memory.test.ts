import { expect } from 'chai';
import { Device } from '../../../src/nn/index.js';
import { readSafetensorsFile } from '../../../src/nn/io/files/index.js';
import type { Config } from '../../../src/aofd/config/index.js';
import { TrainError } from '../../../src/aofd/errors.js';
import { Trainer, type TrainEvent } from '../../../src/aofd/train/run/index.js';
import { FailingAllocations } from '../../helpers/failing-allocations.js';
import { DrawnLoader, tinyConfig } from '../../helpers/training.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

/** Three updates of the detector, in two batches each, and nothing else. */
const config = tinyConfig({}, [
  'stages.a.steps=3',
  'stages.b.steps=0',
  'stages.c.steps=0',
  'optim.accumulate=2',
]);

describe('a training run without memory', function () {
  this.timeout(180_000);
  let device: Device;
  let memory: FailingAllocations;
  const at = useSuiteFolder();
  before(async () => {
    device = await Device.createAsync();
    memory = new FailingAllocations(device);
  });
  after(async () => {
    memory[Symbol.dispose]();
    await device.destroyAsync();
  });
  afterEach(() => {
    memory.fails = () => false;
  });

  interface Run {
    name: string;
    resume?: boolean;
    given?: Config;
    /** Called before the first update and after each; nothing is kept for reuse then. */
    onUpdate?: (step: number) => void;
    /** Called when an update is tried once more. */
    onRetry?: () => void;
  }

  /** Trains; gives the notices. */
  async function train({
    name,
    resume = false,
    given = config,
    onUpdate,
    onRetry,
  }: Run): Promise<string> {
    const notices: string[] = [];
    memory.failed = 0;
    using trainer = new Trainer({
      config: given,
      device,
      outDir: at(name),
      resume,
      writers: [
        {
          write: (event: TrainEvent): void => {
            if (event.kind === 'notice') {
              notices.push(event.text);
              if (event.text.endsWith('tried once more.')) onRetry?.();
            }
            if (event.kind !== 'progress' && event.kind !== 'start') return;
            device.flush();
            device.context.trimPools(0);
            onUpdate?.(event.step);
          },
        },
      ],
      makeLoader: (_, start) => new DrawnLoader(start),
    });
    await trainer.prepareAsync();
    await trainer.runAsync();
    return notices.join('\n');
  }

  async function failureOf(run: Run): Promise<TrainError> {
    const error: unknown = await train(run).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TrainError);
    return error as TrainError;
  }

  /** Fails one allocation, `after` others from now. */
  function failOnce(after: number): void {
    const at = memory.count + after;
    memory.fails = (count) => count === at;
  }

  const weightsOf = (name: string): unknown =>
    readSafetensorsFile(at(name, 'weights.safetensors')).tensors;

  it('tries an update once more, to the same bits, whichever allocation failed', async () => {
    let [from, to] = [0, 0];
    await train({
      name: 'whole',
      onUpdate: (step) => {
        if (step === 1) from = memory.count;
        if (step === 2) to = memory.count;
      },
    });
    expect(to - from).to.be.greaterThan(100);
    const live = device.stats().liveTensors;
    for (const share of [0, 0.02, 0.2, 0.45, 0.7, 0.9, 0.97, 0.999]) {
      const name = `share-${share}`;
      const notices = await train({
        name,
        onUpdate: (step) => {
          if (step === 1) failOnce(Math.floor(share * (to - from)));
        },
      });
      expect(memory.failed, name).to.equal(1);
      expect(notices, name).to.match(/^update 2: the GPU is out of memory with \d+ MB in use and/);
      expect(weightsOf(name), name).to.deep.equal(weightsOf('whole'));
      expect(device.stats().liveTensors, name).to.equal(live);
    }
  });

  it('stops after the second failure, saves the last good state, and says what to lower', async () => {
    const stopped = await failureOf({
      name: 'stopped',
      onUpdate: (step) => {
        if (step === 1) failOnce(90);
      },
      onRetry: () => failOnce(90),
    });
    expect(memory.failed).to.equal(2);
    expect(stopped.code).to.equal('out-of-memory');
    expect(stopped.message).to.match(
      /^update 2: .* \d+ MB in use .*the test has no memory left.* again after .* process takes \d+ MB\. Last checkpoint: .*stopped/,
    );
    expect(stopped.message).to.not.include('while testing');
    expect(stopped.fix).to.include('--set train.batch=1 --set optim.accumulate=4 (now 2 and 2');
    expect(stopped.fix).to.include("--set 'input.canvas=[64,64]' (now 96, 96)");
    expect(stopped.fix).to.match(/Go on with --resume\.$/);
    memory.fails = () => false;
    await train({ name: 'stopped', resume: true });
    expect(weightsOf('stopped')).to.deep.equal(weightsOf('whole'));
  });

  it('stops without saving where there is nothing new', async () => {
    const error = await failureOf({
      name: 'at-once',
      onUpdate: () => failOnce(0),
      onRetry: () => failOnce(0),
    });
    expect(error.message).to.include('Last checkpoint: none.');
    expect(error.fix).to.match(/Start again\.$/);
  });

  it('does not save parameters that are changed in part', async () => {
    const { context } = device;
    const label = context.label.bind(context);
    context.label = (name, work) => {
      const result = label(name, work);
      if (name === 'optimizer' && memory.fails(0)) memory.report();
      return result;
    };
    try {
      const error = await failureOf({
        name: 'torn',
        onUpdate: (step) => {
          memory.fails = (at) => step === 2 && at === 0;
        },
      });
      expect(error.message).to.match(/^update 3: .*checkpoint: none \(it failed in the middle of/);
    } finally {
      Reflect.deleteProperty(context, 'label');
    }
  });
});
