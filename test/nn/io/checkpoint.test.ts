import { expect } from 'chai';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CheckpointStore, loadCheckpointAsync } from '../../../src/nn/io/files/checkpoint.js';
import { IoError } from '../../../src/nn/io/errors.js';
import {
  SafetensorsFile,
  writeSafetensorsFileAsync,
} from '../../../src/nn/io/files/safetensors-file.js';
import { optimName } from '../../../src/nn/io/state.js';
import { floatData } from '../../../src/nn/io/stored-tensor.js';
import { useTempFolder } from '../../helpers/temp-folder.js';
import { rejectionAsync } from '../../helpers/rejection.js';

function state(step: number) {
  return {
    tensors: {
      'conv1_1.weight': floatData(new Float32Array([step, NaN, -0]), [3]),
      [optimName('detector', 'momentum', 'conv1_1.weight')]: floatData(new Float32Array(3), [3]),
      'extra/ids': { shape: [2], dtype: 'U32' as const, data: new Uint32Array([1, 2 ** 32 - 1]) },
    },
    meta: { step, stage: 'stage1', config: { lr: 0.001 }, rng: { seed: 7, counter: step * 10 } },
  };
}

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  (await rejectionAsync(promise, IoError)).message;

describe('checkpoints', () => {
  const path = useTempFolder();

  it('gives back tensors and meta exactly', async () => {
    const store = new CheckpointStore(path('run/checkpoints'));
    expect(store.isEmpty).to.equal(true);
    await store.saveAsync(state(5));
    expect(store.isEmpty).to.equal(false);
    for (const from of ['run', 'run/checkpoints', 'run/checkpoints/step-00000005.safetensors']) {
      const loaded = await loadCheckpointAsync(path(from));
      expect(loaded.meta).to.deep.equal(state(5).meta);
      expect(loaded.tensors).to.deep.equal(state(5).tensors);
      expect(loaded.record!.step).to.equal(5);
    }
    using file = SafetensorsFile.open(path('run/checkpoints/step-00000005.safetensors'));
    expect(file.metadata).to.include({ format: 'nn-checkpoint', step: '5', stage: 'stage1' });
    expect(file.metadata['config_sha256']).to.match(/^[0-9a-f]{64}$/);
  });

  it('keeps the last N and points at the newest', async () => {
    const store = new CheckpointStore(path(), { keep: 2 });
    for (const step of [1, 2, 3]) await store.saveAsync(state(step));
    const files = ['step-00000002.safetensors', 'step-00000003.safetensors'];
    expect(readdirSync(path()).sort()).to.deep.equal(['latest.json', ...files]);
    expect(store.list().map((r) => r.file)).to.deep.equal(files);
    await store.saveAsync(state(3)); // again, after going back
    expect(store.list().map((r) => r.step)).to.deep.equal([2, 3]);
    expect((await store.loadLatestAsync()).meta['step']).to.equal(3);
  });

  it('an interrupted save leaves the previous checkpoint in charge', async () => {
    const store = new CheckpointStore(path());
    await store.saveAsync(state(1));
    const before = readFileSync(path('latest.json'), 'utf8');
    const broken = state(2);
    const lost = {
      ...broken.tensors['conv1_1.weight']!,
      data: () => Promise.reject(new Error('lost')),
    };
    try {
      await store.saveAsync({ ...broken, tensors: { a: lost } });
    } catch {
      // expected
    }
    expect(readFileSync(path('latest.json'), 'utf8')).to.equal(before);
    expect(readdirSync(path()).sort()).to.deep.equal(['latest.json', 'step-00000001.safetensors']);
    expect((await store.loadLatestAsync()).meta['step']).to.equal(1);
  });

  it('finds a damaged file by its hash and names the one before', async () => {
    const store = new CheckpointStore(path());
    await store.saveAsync(state(1));
    await store.saveAsync(state(2));
    const file = path('step-00000002.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    expect(await refusal(store.loadLatestAsync())).to.match(
      /step-00000002.*damaged.*delete it and .*latest\.json, then resume: step-00000001/,
    );
    expect((await store.loadLatestAsync({ verify: false })).meta['step']).to.equal(2);
    rmSync(file);
    rmSync(path('latest.json'));
    expect((await store.loadLatestAsync()).meta['step']).to.equal(1);
  });

  it('works without latest.json and explains a damaged one', async () => {
    const store = new CheckpointStore(path());
    await store.saveAsync(state(9));
    await store.saveAsync(state(10));
    writeFileSync(path('latest.json'), '{"latest":');
    expect(await refusal(store.loadLatestAsync())).to.match(
      /latest\.json is not valid JSON.*Fix: delete it/,
    );
    writeFileSync(path('latest.json'), '{"latest":"../x","checkpoints":[]}');
    expect(await refusal(store.loadLatestAsync())).to.match(/damaged checkpoint list/);
    rmSync(path('latest.json'));
    expect((await store.loadLatestAsync()).meta['step']).to.equal(10);
  });

  it('refuses empty folders, plain weight files, missing paths and bad steps', async () => {
    const store = new CheckpointStore(path());
    expect(await refusal(store.loadLatestAsync())).to.match(/no checkpoint in this folder/);
    expect(await refusal(loadCheckpointAsync(path('none')))).to.match(/cannot read .*none/);
    await writeSafetensorsFileAsync(path('w.safetensors'), state(1).tensors);
    expect(await refusal(loadCheckpointAsync(path('w.safetensors')))).to.match(
      /not a checkpoint.*Fix/,
    );
    expect(await refusal(store.saveAsync({ tensors: {}, meta: {} }))).to.match(
      /meta\.step must be a count/,
    );
    expect(await refusal(store.saveAsync({ tensors: {}, meta: { step: 1, a: NaN } }))).to.match(
      /NaN/,
    );
  });
});
