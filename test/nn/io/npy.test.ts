import { expect } from 'chai';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { IoError } from '../../../src/nn/io/errors.js';
import { parseNpy, parseNpyDict, parseNpz, serializeNpy } from '../../../src/nn/io/npy.js';
import { npy, OBJECT_HEADER, objectNpy, PROTOCOL_2, PROTOCOL_4 } from '../../helpers/pickles.js';

const bytesOf = (a: ArrayBufferView): Uint8Array =>
  new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

// pickle.dumps(os.getcwd, protocol=2)
const CALLABLE = 'gAJjcG9zaXgKZ2V0Y3dkCnEALg==';
describe('npy', () => {
  it('gives back what it wrote', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
        fc.constantFrom(16 as const, 64 as const),
        (shape, align) => {
          const count = shape.reduce((a, b) => a * b, 1);
          const data = Float32Array.from({ length: count }, (_, i) => i / 3 - 1);
          const bytes = serializeNpy({ shape, data }, align);
          expect((bytes.byteLength - data.byteLength) % align).to.equal(0);
          expect(parseNpy(bytes)).to.deep.equal({ shape, data });
        },
      ),
    );
  });

  const cases: [string, Uint8Array, number[]][] = [
    ['<f8', bytesOf(new Float64Array([1.5, -2])), [1.5, -2]],
    ['>f4', new Uint8Array([0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0]), [1.5, -2]],
    ['<f2', bytesOf(new Uint16Array([0x3e00, 0xc000])), [1.5, -2]],
    ['<i8', bytesOf(new BigInt64Array([7n, -8n])), [7, -8]],
    ['|u1', new Uint8Array([7, 255]), [7, 255]],
    ['|b1', new Uint8Array([0, 1]), [0, 1]],
  ];
  for (const [descr, data, values] of cases) {
    it(`reads ${descr}, versions 1 and 2`, () => {
      for (const major of [1, 2]) {
        expect([...parseNpy(npy(descr, false, '(2,)', data, major)).data]).to.deep.equal(values);
      }
    });
  }

  it('turns Fortran order into row-major', () => {
    const columns = bytesOf(new Float32Array([0, 3, 1, 4, 2, 5]));
    expect([...parseNpy(npy('<f4', true, '(2, 3)', columns)).data]).to.deep.equal([
      0, 1, 2, 3, 4, 5,
    ]);
  });

  it('refuses what is no plain array, with the file named', () => {
    const data = new Uint8Array(8);
    const refuse = (bytes: Uint8Array, message: RegExp): void => {
      expect(() => parseNpy(bytes, 'a.npy')).to.throw(IoError, message);
    };
    refuse(new Uint8Array(0), /a\.npy: not a \.npy file/);
    refuse(npy('<f4', false, '(3,)', data), /3 elements of '<f4' need 12 bytes, got 8/);
    refuse(npy('<c8', false, '(1,)', data), /type '<c8' is not supported/);
    refuse(npy('|O', false, '()', data), /holds Python objects/);
    refuse(npy('<f4', false, '(x,)', data), /bad shape/);
    refuse(npy('<f4', false, '(2,)', data, 9), /version 9/);
    refuse(npy('<f4', false, '(2,)', data).subarray(0, 20), /truncated/);
  });

  for (const [what, pickle] of [
    ['4', PROTOCOL_4],
    ['2', PROTOCOL_2],
  ] as const) {
    it(`reads a dictionary of arrays, pickle protocol ${what}`, () => {
      const arrays = parseNpyDict(objectNpy(pickle));
      expect(arrays).to.have.all.keys('conv1_1/0', 'conv1_1/1', 'fc6/weights', 'fc6/biases');
      expect(arrays['conv1_1/0']!.shape).to.deep.equal([1, 2, 3]);
      expect([...arrays['conv1_1/0']!.data]).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect([...arrays['conv1_1/1']!.data]).to.deep.equal([1.5, -2]);
      expect(arrays['fc6/weights']!.shape).to.deep.equal([2, 3]);
      expect([...arrays['fc6/weights']!.data]).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect([...arrays['fc6/biases']!.data]).to.deep.equal([7]);
    });
  }

  it('runs nothing that a pickle names', () => {
    expect(() => parseNpyDict(objectNpy(CALLABLE), 'evil.npy')).to.throw(
      IoError,
      /evil\.npy: it refers to "posix\.getcwd", which is not allowed/,
    );
  });

  it('fails with its own error on damaged pickles', () => {
    const good = objectNpy(PROTOCOL_4);
    fc.assert(
      fc.property(
        fc.integer({ min: OBJECT_HEADER.length, max: good.length - 1 }),
        fc.nat(255),
        (at, value) => {
          for (const bytes of [good.slice(0, at), good.slice()]) {
            if (bytes.length > at) bytes[at] = value;
            try {
              parseNpyDict(bytes);
            } catch (error) {
              expect(error).to.be.instanceOf(IoError);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads npz archives, and only the arrays asked for', () => {
    const data = new Float32Array([1, 2]);
    const file = zipSync({
      'a.npy': serializeNpy({ shape: [2], data }),
      'b.npy': new Uint8Array([1, 2, 3]),
      'notes.txt': new Uint8Array(4),
    });
    expect(parseNpz(file, 'x.npz', (name) => name === 'a')).to.deep.equal({
      a: { shape: [2], data },
    });
    expect(() => parseNpz(file, 'x.npz')).to.throw(IoError, /x\.npz: b\.npy: not a \.npy file/);
    expect(() => parseNpz(file.subarray(0, 40), 'x.npz')).to.throw(IoError, /not a readable \.npz/);
  });
});
