import { constants, deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { openMatAsync } from '../../../src/aofd/eval/detections/mat-file.js';
import { parseMat5 } from '../../../src/aofd/formats/mat.js';
import type { MatValue } from '../../../src/aofd/formats/mat-value.js';
import { IoError } from '../../../src/nn/io/errors.js';
import { loadH5LibraryAsync } from '../../../src/nn/io/files/h5.js';
import { mat5, numbers, struct } from '../../helpers/mat-writer.js';
import { rejectionAsync, thrownBy } from '../../helpers/rejection.js';
import { useTempFolder } from '../../helpers/temp-folder.js';

const refusal = (bytes: Uint8Array): IoError =>
  thrownBy(() => parseMat5(bytes, 'x.mat').read('a'), IoError);

describe('MATLAB files that would take all memory', () => {
  const at = useTempFolder();

  it('struct and cell arrays of 10^9 elements that are not there', () => {
    const shape = [1, 1e9];
    const values: MatValue[] = [
      { kind: 'struct', shape, fields: [], elements: [] },
      { kind: 'struct', shape, fields: ['x'], elements: [] },
      { kind: 'cell', shape, cells: [] },
    ];
    for (const value of values) {
      expect(refusal(mat5({ a: value })).message).to.match(
        /damaged MATLAB file: dimensions 1 x 1000000000/,
      );
    }
  });

  it('numbers and text of 10^9 elements that are not there', () => {
    const shape = [1e9, 1];
    const data = Float64Array.of(1);
    refusal(mat5({ a: { kind: 'numbers', type: 'double', shape, data } }));
    const text = mat5({ a: { kind: 'text', shape: [1, 1], rows: ['x'] } });
    expect(parseMat5(text, 'x.mat').read('a')).to.have.property('kind', 'text');
  });

  it('field names of a length that is next to nothing', () => {
    const bytes = Buffer.from(mat5({ a: struct({ x: numbers([[1]]) }) }));
    // A short element of one int32; as float32 its value is 1e-44.
    const at = bytes.indexOf(Buffer.from([5, 0, 4, 0]));
    bytes.writeUInt16LE(7, at);
    expect(refusal(bytes).message).to.match(/damaged MATLAB file: field name length of \S+e-4\d/);
  });

  it('variables that inflate a thousandfold', () => {
    // Sync-flushed blocks of raw deflate can follow each other.
    const block = deflateRawSync(new Uint8Array(2 ** 24), { finishFlush: constants.Z_SYNC_FLUSH });
    const packed = Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array<Buffer>(5).fill(block)]);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15);
    tag.writeUInt32LE(packed.length, 4);
    const bytes = Buffer.concat([mat5({}), tag, packed]);
    expect(bytes.length).to.be.below(100_000);
    const { code } = thrownBy(() => parseMat5(bytes, 'x.mat'), IoError);
    expect(code).to.equal('io/limit');
  });

  it('version 7.3: cells that hold themselves, and cells named many times', async () => {
    const library = await loadH5LibraryAsync();
    const file = new library.File(at('x.mat'), 'w');
    const cellOf = (name: string, target: string, times: number): void => {
      const reference = (file.get(target) as { create_reference(): unknown }).create_reference();
      const data = Array.from({ length: times }, () => reference) as never;
      file
        .create_dataset({ name, data, shape: [times, 1] })
        .create_attribute('MATLAB_class', 'cell');
    };
    file.create_dataset({ name: 'n', data: new Float64Array([7]), shape: [1, 1] });
    cellOf('c0', 'n', 10);
    for (let level = 1; level < 12; level++) cellOf(`c${level}`, `c${level - 1}`, 10);
    // A group that is its own child.
    const group = file.create_group('g');
    group.create_attribute('MATLAB_class', 'struct');
    file.create_hard_link('g', 'g/again');
    file.close();
    using found = await openMatAsync(at('x.mat'));
    const value = found.read('c11');
    expect(value.kind === 'cell' && value.cells[0]).to.equal(
      value.kind === 'cell' && value.cells[9],
    );
    expect(thrownBy(() => found.read('g'), IoError).message).to.match(/more than 64 nested values/);
  });

  it('a file that is missing is said to be', async () => {
    await rejectionAsync(openMatAsync(at('none.mat')), IoError);
    expect(parseMat5(mat5({ a: numbers([[1]]) }), 'x.mat').names).to.deep.equal(['a']);
  });
});
