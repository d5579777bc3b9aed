import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseMat5 } from '../../../../src/aofd/formats/mat.js';
import { openMatAsync } from '../../../../src/aofd/eval/detections/mat-file.js';
import { matLine, matRows, type MatValue } from '../../../../src/aofd/formats/mat-value.js';
import { cell, mat5, numbers, struct, text, writeMat73Async } from '../../../helpers/mat-writer.js';
import { useTempFolder } from '../../../helpers/temp-folder.js';

const VALUES: Record<string, MatValue> = {
  matrix: numbers([
    [1.5, -2, 3],
    [4, 5e300, 6],
  ]),
  bytes: numbers([[1, 2, 3]], 'uint8'),
  whole: numbers([[7], [300], [255]], 'int16'),
  flags: numbers([[1, 0, 1]], 'logical'),
  line: text('0--Parade/ü_1'),
  lines: text('one  ', 'two  ', 'three'),
  list: cell(text('a'), numbers([[4]]), cell(text('inner'))),
  table: struct(
    { label: numbers([[1, 2]]), name: text('x.jpg') },
    { label: numbers([[3, 4]]), name: text('y.jpg') },
  ),
  single: struct({ label: numbers([[9.25]]), name: text('z') }),
  none: numbers([]),
};

function readAll(path: string, bytes: Uint8Array): Record<string, MatValue> {
  const file = parseMat5(bytes, path);
  return Object.fromEntries(file.names.map((name) => [name, file.read(name)]));
}

describe('MATLAB files', () => {
  const path = useTempFolder();

  for (const big of [false, true]) {
    for (const compress of [false, true]) {
      it(`reads version 5, ${big ? 'big' : 'little'} endian${compress ? ', compressed' : ''}`, () => {
        const bytes = mat5(VALUES, { big, compress });
        expect(readAll('x.mat', bytes)).to.deep.equal(VALUES);
      });
    }
  }

  it('reads version 7.3 into the same values', async () => {
    await writeMat73Async(path('x.mat'), VALUES);
    using file = await openMatAsync(path('x.mat'));
    expect(file.version).to.equal('7.3');
    expect([...file.names].sort()).to.deep.equal(Object.keys(VALUES).sort());
    for (const [name, value] of Object.entries(VALUES)) {
      expect(file.read(name), name).to.deep.equal(value);
    }
  });

  it('tells the versions apart by their headers', async () => {
    writeFileSync(path('five.mat'), mat5({ a: numbers([[1]]) }));
    using file = await openMatAsync(path('five.mat'));
    expect([file.version, file.names]).to.deep.equal(['5', ['a']]);
  });

  it('gives lines and rows, through a cell of one and from empty values', () => {
    expect(matLine(cell(text('abc')), 'x')).to.equal('abc');
    expect(matLine(VALUES['none']!, 'x')).to.equal('');
    expect(matRows(VALUES['none']!, 'x')).to.deep.equal([]);
    expect(matRows(VALUES['matrix']!, 'x')).to.deep.equal([
      [1.5, -2, 3],
      [4, 5e300, 6],
    ]);
    expect(() => matRows(text('abc'), 'f.mat: v')).to.throw('f.mat: v: expected numbers, got text');
    expect(() => matLine(VALUES['lines']!, 'f.mat: v')).to.throw(
      'expected one line of text, got 3',
    );
  });

  it('names what is not there', () => {
    const file = parseMat5(mat5({ a: numbers([[1]]), b: text('x') }), 'f.mat');
    expect(() => file.read('c')).to.throw('f.mat: no variable "c", the file has a, b');
  });

  it('refuses sparse and complex arrays by name, and only when they are read', () => {
    const bytes = mat5({ fine: numbers([[1]]), odd: numbers([[0.5]]) });
    const sparse = Uint8Array.from(bytes);
    sparse[findFlags(bytes, 2)] = 5;
    const complex = Uint8Array.from(bytes);
    complex[findFlags(bytes, 2) + 1] = 0x08;
    for (const [changed, what] of [
      [sparse, 'a sparse array'],
      [complex, 'a complex array'],
    ] as const) {
      const file = parseMat5(changed, 'f.mat');
      expect(matRows(file.read('fine'), 'x')).to.deep.equal([[1]]);
      expect(() => file.read('odd')).to.throw(`f.mat: odd: is ${what}`);
    }
  });

  it('finds damage: cuts, wrong lengths, wrong checksums, other files', async () => {
    const bytes = mat5(VALUES);
    for (const keep of [bytes.length - 8, bytes.length - 100, 140]) {
      expect(() => readAll('cut.mat', bytes.subarray(0, keep))).to.throw(
        'cut.mat: damaged MATLAB file',
      );
    }
    const packed = mat5({ a: numbers([[1, 2, 3.5]]) }, { compress: true });
    packed[packed.length - 1]! ^= 1;
    expect(() => parseMat5(packed, 'sum.mat')).to.throw('sum.mat: damaged MATLAB file');
    expect(() => parseMat5(new Uint8Array(500), 'zero.mat')).to.throw(
      'not a MATLAB version 5 file',
    );
    await writeMat73Async(path('x.mat'), VALUES);
    writeFileSync(path('y.mat'), readFileSync(path('x.mat')).subarray(0, 700));
    let message = '';
    try {
      await openMatAsync(path('y.mat'));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).to.contain('y.mat: damaged MATLAB 7.3 file');
  });
});

/** Offset of the array flags of variable number `n` (from 1) of an uncompressed little-endian file. */
function findFlags(bytes: Uint8Array, n: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 128;
  for (let i = 1; i < n; i++) at += 8 + view.getUint32(at + 4, true);
  return at + 16;
}
