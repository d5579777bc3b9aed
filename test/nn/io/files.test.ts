import { expect } from 'chai';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {
  atomicWriteFile,
  atomicWriteStreamAsync,
  removeStaleTemps,
} from '../../../src/nn/io/files/atomic.js';
import { deviceLostError, outOfMemoryError } from '../../../src/nn/errors.js';
import { diskError } from '../../../src/nn/io/files/disk-errors.js';
import { IoError } from '../../../src/nn/io/errors.js';
import {
  readSafetensorsFile,
  SafetensorsFile,
  writeSafetensorsFileAsync,
} from '../../../src/nn/io/files/safetensors-file.js';
import { sha256FileAsync, sha256Hex } from '../../../src/nn/io/files/sha256.js';
import { serializeSafetensors } from '../../../src/nn/io/safetensors.js';
import { floatData } from '../../../src/nn/io/stored-tensor.js';
import { useTempFolder } from '../../helpers/temp-folder.js';
import { rejectionAsync } from '../../helpers/rejection.js';

const full = (): Error => Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' });

describe('atomic files', () => {
  const path = useTempFolder();

  it('writes and replaces', async () => {
    atomicWriteFile(path('a.json'), '{"é":1}');
    atomicWriteFile(path('a.json'), 'two', { flush: false });
    await atomicWriteStreamAsync(path('b'), async (write) => {
      await write(new Uint8Array([1, 2]));
      await write(new Uint8Array([3]));
    });
    expect(readFileSync(path('a.json'), 'utf8')).to.equal('two');
    expect([...readFileSync(path('b'))]).to.deep.equal([1, 2, 3]);
    expect(readdirSync(path())).to.have.members(['a.json', 'b']);
  });

  it('passes on what the producer met, and does not blame the disk for it', async () => {
    for (const cause of [deviceLostError('unplugged'), outOfMemoryError('64 MB', [])]) {
      const writing = atomicWriteStreamAsync(path('a'), () => Promise.reject(cause));
      expect(await rejectionAsync(writing, Error)).to.equal(cause);
      expect(readdirSync(path())).to.deep.equal([]);
    }
  });

  it('keeps the old file and leaves nothing half-written when the disk is full', async () => {
    writeFileSync(path('a'), 'old');
    const error = await rejectionAsync(
      atomicWriteStreamAsync(path('a'), async (write) => {
        await write(new Uint8Array(1000));
        throw full();
      }),
      IoError,
    );
    expect(error.message).to.match(
      /cannot write .*a: no space left on the disk\. Fix: free some space/,
    );
    expect(readFileSync(path('a'), 'utf8')).to.equal('old');
    expect(readdirSync(path())).to.deep.equal(['a']);
  });

  it('names a missing folder and a folder in the way', () => {
    expect(() => atomicWriteFile(path('no/such/file'), 'x')).to.throw(
      IoError,
      /no such file or folder.*Fix/,
    );
    expect(() => atomicWriteFile(path(), 'x')).to.throw(IoError, /cannot write/);
    // The rename fails after the content was written.
    mkdirSync(path('taken'));
    expect(() => atomicWriteFile(path('taken'), 'x')).to.throw(IoError, /cannot write .*taken/);
    expect(readdirSync(path())).to.deep.equal(['taken']);
  });

  it('passes errors of the producer unchanged', async () => {
    const mine = new RangeError('mine');
    const error = await rejectionAsync(
      atomicWriteStreamAsync(path('a'), () => Promise.reject(mine)),
      Error,
    );
    expect(error).to.equal(mine);
    expect(readdirSync(path())).to.deep.equal([]);
    expect(diskError('read', 'f', full())).to.be.instanceOf(IoError);
  });

  it('removes what a killed process left, not what a living one writes', () => {
    writeFileSync(path('a.tmp-999999999'), '');
    writeFileSync(path(`b.tmp-${process.pid}`), '');
    writeFileSync(path('c.tmp'), '');
    expect(removeStaleTemps(path())).to.deep.equal(['a.tmp-999999999']);
    expect(readdirSync(path())).to.have.length(2);
  });
});

describe('safetensors files', () => {
  const path = useTempFolder();
  const a = floatData(new Float32Array([1, 2, 3, 4]), [2, 2]);
  const b = { shape: [3], dtype: 'U8' as const, data: new Uint8Array([7, 8, 9]) };

  it('streams the same bytes as the in-memory writer, and their hash', async () => {
    const file = path('w.safetensors');
    const order: string[] = [];
    const lazy = (name: string, t: typeof a | typeof b) => ({
      ...t,
      data: async () => {
        order.push(name);
        return Promise.resolve(t.data);
      },
    });
    const written = await writeSafetensorsFileAsync(
      file,
      { b: lazy('b', b), a: lazy('a', a) },
      { k: 'v' },
    );
    const bytes = serializeSafetensors({ b, a }, { k: 'v' });
    expect(new Uint8Array(readFileSync(file))).to.deep.equal(bytes);
    expect(written).to.deep.equal({ sizeBytes: bytes.byteLength, sha256: sha256Hex(bytes) });
    expect(await sha256FileAsync(file)).to.equal(written.sha256);
    expect(order).to.deep.equal(['a', 'b']);
  });

  it('reads single tensors', async () => {
    const file = path('w.safetensors');
    await writeSafetensorsFileAsync(file, { a, b }, { k: 'v' });
    using open = SafetensorsFile.open(file);
    expect(open.names).to.deep.equal(['a', 'b']);
    expect(open.metadata).to.deep.equal({ k: 'v' });
    expect(open.read('b')).to.deep.equal(b);
    expect(open.readFloat32('b').data).to.deep.equal(new Float32Array([7, 8, 9]));
    expect(() => open.read('c')).to.throw(IoError, /no tensor "c"; it has a, b/);
    open.close();
    expect(() => open.read('a')).to.throw(IoError, /already closed/);
    expect(readSafetensorsFile(file).tensors).to.deep.equal({ a, b });
  });

  it('refuses truncated, empty, missing files and folders, and says which', async () => {
    const file = path('w.safetensors');
    await writeSafetensorsFileAsync(file, { a });
    truncateSync(file, readFileSync(file).byteLength - 1);
    expect(() => SafetensorsFile.open(file)).to.throw(
      IoError,
      /w\.safetensors: truncated.*tensor "a"/,
    );
    truncateSync(file, 0);
    expect(() => SafetensorsFile.open(file)).to.throw(IoError, /0 bytes, at least 8/);
    expect(() => SafetensorsFile.open(path('none'))).to.throw(IoError, /cannot read .*none.*Fix/);
    expect(() => SafetensorsFile.open(path())).to.throw(IoError, /not a regular file/);
  });

  it('leaves nothing behind when a tensor cannot be had or does not fit', async () => {
    const file = path('w.safetensors');
    const lost = { ...a, data: () => Promise.reject(new Error('device lost')) };
    const refusal = async (tensors: Parameters<typeof writeSafetensorsFileAsync>[1]) =>
      (await rejectionAsync(writeSafetensorsFileAsync(file, tensors), Error)).message;
    expect(await refusal({ a: lost })).to.equal('device lost');
    const short = { ...a, data: () => new Float32Array(3) };
    expect(await refusal({ a: short })).to.match(/has 4 elements/);
    expect(existsSync(file)).to.equal(false);
    expect(readdirSync(path())).to.deep.equal([]);
  });
});
