import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { zipSync } from 'fflate';
import { H5File, loadH5LibraryAsync } from '../../../src/nn/io/files/h5.js';
import { IoError } from '../../../src/nn/io/errors.js';
import { listNpz, parseNpyDict, parseNpz, serializeNpy } from '../../../src/nn/io/npy.js';
import { OBJECT_HEADER } from '../../helpers/pickles.js';
import { thrownBy } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

/** An object array around pickle opcodes of protocol 2. */
const pickled = (...ops: string[]): Uint8Array =>
  Uint8Array.from([...OBJECT_HEADER, ...Buffer.from(`\x80\x02${ops.join('')}.`, 'latin1')]);
const byte = (n: number): string => String.fromCharCode(n);

describe('files of arrays that would unpack to more than fits', () => {
  const at = useTempFolder();

  it('npz: more than 64 MB from an archive of a few kilobytes', () => {
    // Stored noise that announces to be deflated zeros: what it unpacks to is counted before.
    const bomb = zipSync({ 'a.npy': new Uint8Array(70_000) }, { level: 0 });
    const directory = Buffer.from(bomb).indexOf(Buffer.from('PK\x01\x02', 'latin1'));
    new DataView(bomb.buffer).setUint32(directory + 24, 2 ** 26 + 1, true);
    const { code, message } = thrownBy(() => parseNpz(bomb, 'x.npz'), IoError);
    expect([code, message]).to.deep.equal([
      'io/limit',
      'x.npz: unpacks to more than 67108864 bytes',
    ]);
    expect(listNpz(bomb)).to.deep.equal(['a']);
  });

  it('npz: a size that no content can have', () => {
    const data = new Float32Array([1]);
    const lie = zipSync({ 'a.npy': serializeNpy({ shape: [1], data }) });
    const directory = Buffer.from(lie).indexOf(Buffer.from('PK\x01\x02', 'latin1'));
    new DataView(lie.buffer).setUint32(directory + 24, 2 ** 31, true);
    const { code, message } = thrownBy(() => parseNpz(lie, 'x.npz'), IoError);
    expect(code).to.equal('io/format');
    expect(message).to.match(/a\.npy announces 2147483648 bytes/);
  });

  it('pickles: lists of lists that name each other many times', () => {
    const list = (level: number): string => {
      const items = level === 0 ? 'K\x01'.repeat(20) : `h${byte(level - 1)}`.repeat(20);
      return `]q${byte(level)}(${items}e`;
    };
    const bomb = pickled(...Array.from({ length: 7 }, (_, level) => list(level)));
    expect(bomb.length).to.be.below(1000);
    expect(thrownBy(() => parseNpyDict(bomb, 'x.npy'), IoError).code).to.equal('io/limit');
    const itself = pickled(']q\x00', '(h\x00h\x00e');
    expect(thrownBy(() => parseNpyDict(itself, 'x.npy'), IoError).message).to.match(/more than 8/);
  });

  it('HDF5: a data set whose values take a hundred thousand times the file', async () => {
    const library = await loadH5LibraryAsync();
    const file = new library.File(at('x.h5'), 'w');
    const first = { data: new Float32Array(4), shape: [4], maxshape: [null], chunks: [2 ** 16] };
    file.create_dataset({ name: 'bomb', ...first }).resize([2 ** 30]);
    file.create_dataset({ name: 'fine', data: new Float32Array([7]), shape: [1] });
    file.close();
    using found = await H5File.openAsync(at('x.h5'));
    expect([...found.read('fine').data]).to.deep.equal([7]);
    expect(thrownBy(() => found.read('bomb'), IoError).code).to.equal('io/limit');
  });

  it('safetensors and npy: shapes beyond the file are refused by the bytes that are there', () => {
    const npy = Buffer.from(serializeNpy({ shape: [1], data: new Float32Array([1]) }));
    const text = npy.toString('latin1').replace('(1,)', '(999999999,)').replace('         ', ' ');
    writeFileSync(at('a.npy'), text, 'latin1');
    thrownBy(() => parseNpyDict(Buffer.from(text, 'latin1'), 'a.npy'), IoError);
  });
});
