/** Runs that were killed, that meet a bad picture, or that another process goes on with. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { Device } from '../../../src/nn/index.js';
import { FolderLock, readSafetensorsFile } from '../../../src/nn/io/files/index.js';
import { IoError } from '../../../src/nn/io/index.js';
import { JsonlWriter, Trainer, type TrainEvent } from '../../../src/aofd/train/run/index.js';
import { DataError, TrainError } from '../../../src/aofd/errors.js';
import { rejectionAsync, thrownBy } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';
import { DrawnLoader, tinyConfig } from '../../helpers/training.js';

describe('training runs that meet faults', function () {
  this.timeout(120_000);
  const at = useTempFolder();
  let device: Device;
  before(async () => {
    device = await Device.createAsync();
  });
  after(() => device.destroyAsync());

  const config = (sets: string[] = []) =>
    tinyConfig({}, ['stages.a.steps=5', 'stages.b.steps=0', 'stages.c.steps=0', ...sets]);

  interface Options {
    resume?: boolean;
    stopAfter?: number;
    /** The batch of this number cannot be had. */
    badBatch?: number;
    events?: TrainEvent[];
    write?(event: TrainEvent): void;
    sets?: string[];
  }

  async function train(options: Options = {}): Promise<void> {
    const stop = new AbortController();
    using trainer = new Trainer({
      config: config(options.sets),
      device,
      outDir: at('run'),
      resume: options.resume ?? false,
      signal: stop.signal,
      writers: [
        new JsonlWriter(at('run/metrics.jsonl')),
        {
          write: (event) => {
            options.events?.push(event);
            options.write?.(event);
            if (event.kind === 'progress' && event.step === options.stopAfter) stop.abort();
          },
        },
      ],
      makeLoader: (_, start) => {
        const loader = new DrawnLoader(start);
        let next = start;
        return {
          waitedMs: 0,
          nextAsync: () => {
            if (next++ !== options.badBatch) return loader.nextAsync();
            const error = new DataError('image-truncated', 'breaks off.', {
              where: 'bad.jpg',
              fix: 'copy it again',
            });
            return Promise.reject(error);
          },
          closeAsync: () => loader.closeAsync(),
        };
      },
    });
    await trainer.prepareAsync();
    await trainer.runAsync();
  }

  const weights = (): ReturnType<typeof readSafetensorsFile> =>
    readSafetensorsFile(at('run/weights.safetensors'));
  const steps = (): number[] =>
    fs
      .readFileSync(at('run/metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrainEvent)
      .flatMap((event) => (event.kind === 'progress' ? [event.step] : []));

  it('killed between checkpoint and weights: the weights are made true, also of a finished run', async () => {
    await train({ stopAfter: 2 });
    const early = fs.readFileSync(at('run/weights.safetensors'));
    await train({ resume: true });
    const final = weights();
    for (const damage of [early, early.subarray(0, 100), null]) {
      if (damage === null) fs.rmSync(at('run/weights.safetensors'));
      else fs.writeFileSync(at('run/weights.safetensors'), damage);
      const events: TrainEvent[] = [];
      await train({ resume: true, events });
      expect(events.at(-1)).to.include({ kind: 'end', reason: 'finished' });
      expect(weights()).to.deep.equal(final);
    }
  });

  it('killed between checkpoint and weights in the middle of a stage: the averages are written', async () => {
    await train({ stopAfter: 2 });
    const expected = weights();
    fs.rmSync(at('run/weights.safetensors'));
    await train({ resume: true, badBatch: 3 }).catch(() => undefined);
    expect(weights()).to.deep.equal(expected);
  });

  it('a picture that cannot be used: saved first, named, with the way on', async () => {
    const error = await rejectionAsync(train({ badBatch: 3 }), DataError);
    expect(error.where).to.equal('bad.jpg');
    expect(error.fix).to.include('--set data.skipBroken=true --resume');
    expect(weights().metadata['step']).to.equal('3');
    // It stops there again, and goes on where the picture is mended.
    await rejectionAsync(train({ resume: true, badBatch: 3 }), DataError);
    await train({ resume: true });
    expect(steps()).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('a log that cannot be written any more: saved first', async () => {
    const write = (event: TrainEvent): void => {
      if (event.kind === 'progress' && event.step === 3) {
        throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      }
    };
    const error = await rejectionAsync(train({ write }), Error);
    expect(error.message).to.include('EPIPE');
    expect(Number(weights().metadata['step'])).to.be.at.least(2);
  });

  it('metrics hold each update once, whatever a killed run had logged', async () => {
    await train({ stopAfter: 2 });
    const event = { kind: 'progress', stage: 'a', losses: {} };
    const lines = [4, 5].map((step) => `${JSON.stringify({ ...event, step })}\n`).join('');
    fs.appendFileSync(at('run/metrics.jsonl'), `${lines}{"kind":"prog`);
    await train({ resume: true });
    expect(steps()).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('metrics hold each update once, also where a run that never saved is started again', async () => {
    const lines = ['start', 'progress', 'progress'].map((kind, step) =>
      JSON.stringify({ kind, step, stage: 'a', losses: {} }),
    );
    at.write('run/metrics.jsonl', `${lines.join('\n')}\n{"kind":"prog`);
    await train();
    expect(steps()).to.deep.equal([1, 2, 3, 4, 5]);
    const text = fs.readFileSync(at('run/metrics.jsonl'), 'utf8');
    expect(text.match(/"kind":"start"/g)).to.have.length(1);
    // What holds a run is refused, and keeps its metrics.
    await rejectionAsync(train(), TrainError);
    expect(fs.readFileSync(at('run/metrics.jsonl'), 'utf8')).to.equal(text);
  });

  it('leftovers of killed processes go at a new start, but no file of a living one', async () => {
    const dead = await deadProcessAsync();
    const left = [
      `run/weights.safetensors.tmp-${dead}`,
      `run/samples/step-00000002/x.png.tmp-${dead}`,
      `run/.lock-${dead}`,
    ];
    const living = [`run/metrics.jsonl.tmp-${process.ppid}`, `run/.lock-${process.ppid}`];
    for (const name of [...left, ...living]) at.write(name, 'x');
    await train({ stopAfter: 1 });
    for (const name of left) expect(fs.existsSync(at(name)), name).to.equal(false);
    for (const name of living) expect(fs.existsSync(at(name)), name).to.equal(true);
  });

  it('leftovers of killed processes go at resume', async () => {
    await train({ stopAfter: 2 });
    const dead = await deadProcessAsync();
    const holder = JSON.stringify({ pid: dead, host: hostname(), started: '1' });
    const left = [
      `run/samples/step-00000002/x.png.tmp-${dead}`,
      `run/.lock-${dead}`,
      `run/.lock-${dead}-gone`,
      `run/weights.safetensors.tmp-${dead}`,
      `run/checkpoints/latest.json.tmp-${dead}`,
      'run/checkpoints/step-00000001.safetensors',
      'run/checkpoints/step-00000009.safetensors',
    ];
    for (const name of left) at.write(name, name.includes('.lock') ? holder : 'x');
    await train({ resume: true });
    for (const name of left) expect(fs.existsSync(at(name)), name).to.equal(false);
    expect(fs.readdirSync(at('run')).filter((name) => name.startsWith('.'))).to.deep.equal([]);
  });

  it('a second run in the folder is refused; a killed one leaves it free', async () => {
    fs.mkdirSync(at('run'));
    {
      using _lock = FolderLock.acquire(at('run'));
      const error = await rejectionAsync(train(), IoError);
      expect(error.code).to.equal('io/locked');
      expect(error.message).to.include(String(process.pid)).and.include('Fix: ');
    }
    const pid = await deadProcessAsync();
    const holders = [
      JSON.stringify({ pid, host: hostname(), started: '' }),
      // The number of a process that began later.
      JSON.stringify({ pid: process.pid, host: hostname(), started: '1' }),
      'half a lo',
      '',
    ];
    for (const text of holders) {
      fs.writeFileSync(at('run/.lock'), text);
      FolderLock.acquire(at('run')).release();
      expect(fs.existsSync(at('run/.lock')), text).to.equal(false);
    }
    fs.writeFileSync(at('run/.lock'), JSON.stringify({ pid, host: 'elsewhere', started: '' }));
    const error = thrownBy(() => FolderLock.acquire(at('run')), IoError);
    expect(error.message).to.include('on elsewhere');
  });
});

/** The number of a process that has ended. */
async function deadProcessAsync(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid as number;
}
