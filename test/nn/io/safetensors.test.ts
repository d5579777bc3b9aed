import { expect } from 'chai';
import fc from 'fast-check';
import { findDuplicateKey } from '../../../src/nn/io/json-keys.js';
import { IoError } from '../../../src/nn/io/errors.js';
import { parseSafetensors, serializeSafetensors } from '../../../src/nn/io/safetensors.js';
import {
  arrayToBytes,
  bytesToArray,
  DTYPE_BYTES,
  floatData,
  floatToHalf,
  halfToFloat,
  toFloat32,
  toHalf,
  type FileDtype,
  type StoredTensor,
} from '../../../src/nn/io/stored-tensor.js';
import { thrownBy } from '../../helpers/rejection.js';

/** A file with any header text, to make malformed ones. */
function rawFile(
  header: string | Uint8Array,
  data = new Uint8Array(0),
  length?: bigint,
): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const out = new Uint8Array(8 + json.byteLength + data.byteLength);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(json.byteLength), true);
  out.set(json, 8);
  out.set(data, 8 + json.byteLength);
  return out;
}

function refusal(bytes: Uint8Array): string {
  const { message } = thrownBy(() => parseSafetensors(bytes, 'bad.safetensors'), IoError);
  expect(message).to.match(/^bad\.safetensors: /);
  return message;
}

const entry = (dtype: string, shape: unknown, offsets: unknown): string =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

const dtypeArb = fc.constantFrom(...(Object.keys(DTYPE_BYTES) as FileDtype[]));
const tensorArb: fc.Arbitrary<StoredTensor> = fc
  .record({
    dtype: dtypeArb,
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    seed: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  })
  .map(({ dtype, shape, seed }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    // Arbitrary bytes: NaN payloads and odd halves included.
    const bytes = new Uint8Array(count * DTYPE_BYTES[dtype]).map((_, i) => seed[i % 16]! + i);
    return { dtype, shape, data: bytesToArray(bytes, dtype) };
  });
const nameArb = fc
  .string({ unit: 'binary', maxLength: 12 })
  // Lone surrogates have no UTF-8 form; two names are reserved.
  .filter((s) => s !== '__metadata__' && s !== '__proto__' && !/\p{Surrogate}/u.test(s));

describe('safetensors', () => {
  it('gives back every tensor bit for bit, and the same bytes again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(nameArb, tensorArb), { maxLength: 6 }),
        fc.dictionary(nameArb, fc.string(), { maxKeys: 4, noNullPrototype: true }),
        (pairs, metadata) => {
          const tensors = Object.fromEntries(pairs);
          const bytes = serializeSafetensors(tensors, metadata);
          const parsed = parseSafetensors(bytes);
          expect(parsed.metadata).to.deep.equal(metadata);
          expect([...parsed.tensors.keys()].sort()).to.deep.equal(Object.keys(tensors).sort());
          for (const [name, t] of parsed.tensors) {
            const want = tensors[name]!;
            expect([t.dtype, t.shape]).to.deep.equal([want.dtype, want.shape]);
            expect(arrayToBytes(t.data)).to.deep.equal(arrayToBytes(want.data));
          }
          const again = serializeSafetensors(Object.fromEntries(parsed.tensors), parsed.metadata);
          expect(again.byteLength).to.equal(bytes.byteLength);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads a hand-made file, at any alignment', () => {
    const json = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} '; // 55 + 8: not aligned
    const data = new Uint8Array(new Float32Array([1.5, -2]).buffer);
    const { tensors } = parseSafetensors(rawFile(json, data));
    expect([...toFloat32(tensors.get('a')!)]).to.deep.equal([1.5, -2]);
    // A Buffer is a view into a shared pool: its own offset must count too.
    const inPool = Buffer.from([0, ...rawFile(json, data)]).subarray(1);
    expect([...toFloat32(parseSafetensors(inPool).tensors.get('a')!)]).to.deep.equal([1.5, -2]);
  });

  it('aligns every tensor to its element size', () => {
    const bytes = serializeSafetensors({
      flag: { shape: [3], dtype: 'BOOL', data: new Uint8Array([1, 0, 1]) },
      w: floatData(new Float32Array([1, 2]), [2]),
      n: { shape: [], dtype: 'I64', data: new BigInt64Array([-5n]) },
    });
    const { tensors } = parseSafetensors(bytes);
    expect([...tensors.keys()]).to.deep.equal(['n', 'w', 'flag']);
    expect(tensors.get('w')!.data.buffer).to.equal(bytes.buffer); // a view, not a copy
  });

  it('refuses any proper prefix of a file, and anything after its end', () => {
    const bytes = serializeSafetensors({ a: floatData(new Float32Array(5), [5]) }, { k: 'v' });
    for (let n = 0; n < bytes.byteLength; n++) refusal(bytes.subarray(0, n));
    const longer = new Uint8Array(bytes.byteLength + 1);
    longer.set(bytes);
    expect(refusal(longer)).to.match(/1 bytes after tensor "a" belong to no tensor/);
  });

  it('never fails in another way on damaged headers', () => {
    const good = serializeSafetensors({ a: floatData(new Float32Array(4), [2, 2]) }, { k: 'v' });
    fc.assert(
      fc.property(fc.nat(good.byteLength - 1), fc.nat(255), (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          parseSafetensors(bytes);
        } catch (error) {
          expect(error).to.be.instanceOf(IoError);
        }
      }),
      { numRuns: 500 },
    );
  });

  const bad: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /0 bytes, at least 8/],
    ['a giant header', rawFile('{}', undefined, 2n ** 63n), /over the limit of 100000000/],
    ['a header past the end', rawFile('{}', undefined, 99n), /truncated: the header needs 107/],
    ['an empty header', rawFile(''), /must start with "\{"/],
    ['a header that is no object', rawFile('[]'), /must start with "\{", got "\["/],
    ['bad UTF-8', rawFile(new Uint8Array([0x7b, 0xff, 0x7d])), /not valid UTF-8/],
    ['bad JSON', rawFile('{"a":}'), /not valid JSON/],
    [
      'a name twice',
      rawFile(
        `{"a":${entry('U8', [1], [0, 1])},"\\u0061":${entry('U8', [1], [0, 1])}}`,
        new Uint8Array(1),
      ),
      /key "a" more than once/,
    ],
    [
      'metadata numbers',
      rawFile('{"__metadata__":{"k":1}}'),
      /__metadata__\["k"\] must be a string/,
    ],
    ['metadata list', rawFile('{"__metadata__":[]}'), /__metadata__ must be an object/],
    ['an entry that is a list', rawFile('{"a":[]}'), /tensor "a": expected \{dtype/],
    ['an unknown type', rawFile(`{"a":${entry('F8', [1], [0, 1])}}`), /unknown dtype "F8"/],
    ['a type from Object', rawFile(`{"a":${entry('toString', [1], [0, 1])}}`), /unknown dtype/],
    ['a negative extent', rawFile(`{"a":${entry('U8', [-1], [0, 1])}}`), /shape must be a list/],
    ['a fraction', rawFile(`{"a":${entry('U8', [0.5], [0, 1])}}`), /shape must be a list/],
    ['no shape', rawFile('{"a":{"dtype":"U8","data_offsets":[0,1]}}'), /got undefined/],
    ['backward offsets', rawFile(`{"a":${entry('U8', [1], [2, 1])}}`), /run backwards/],
    ['three offsets', rawFile(`{"a":${entry('U8', [1], [0, 1, 2])}}`), /two non-negative/],
    ['an overflowing shape', rawFile(`{"a":${entry('U8', [2 ** 30, 2 ** 30], [0, 1])}}`), /2\^53/],
    [
      'a wrong byte count',
      rawFile(`{"a":${entry('F32', [2], [0, 4])}}`, new Uint8Array(4)),
      /needs 8 bytes.*give 4/,
    ],
    [
      'offsets past the end',
      rawFile(`{"a":${entry('U8', [9], [0, 9])}}`, new Uint8Array(4)),
      /ends at byte 9 of the data, the file has 4/,
    ],
    [
      'overlapping tensors',
      rawFile(
        `{"a":${entry('U8', [4], [0, 4])},"b":${entry('U8', [4], [2, 6])}}`,
        new Uint8Array(6),
      ),
      /tensor "b" begins at 2, inside tensor "a" which ends at 4/,
    ],
    [
      'a hole',
      rawFile(
        `{"a":${entry('U8', [1], [0, 1])},"b":${entry('U8', [1], [2, 3])}}`,
        new Uint8Array(3),
      ),
      /bytes 1 to 2 between tensor "a" and tensor "b" belong to no tensor/,
    ],
    [
      'a hole in front',
      rawFile(`{"a":${entry('U8', [1], [1, 2])}}`, new Uint8Array(2)),
      /between the header and/,
    ],
    [
      '__proto__',
      rawFile(`{"__proto__":${entry('U8', [1], [0, 1])}}`, new Uint8Array(1)),
      /not allowed/,
    ],
  ];
  for (const [what, bytes, message] of bad) {
    it(`refuses ${what}`, () => expect(refusal(bytes)).to.match(message));
  }

  it('refuses to write data that does not fit its shape or type', () => {
    const data = new Float32Array(3);
    expect(() => serializeSafetensors({ a: floatData(data, [2]) })).to.throw(
      IoError,
      /has 2 elements.*has 3/,
    );
    expect(() => serializeSafetensors({ a: { dtype: 'I32', shape: [3], data } })).to.throw(
      IoError,
      /needs a Int32Array/,
    );
    expect(() => serializeSafetensors({ __metadata__: floatData(data, [3]) })).to.throw(
      IoError,
      /cannot be named/,
    );
  });
});

describe('findDuplicateKey', () => {
  it('looks at keys only, in each object for itself', () => {
    expect(findDuplicateKey('{"a":{"a":["a","a",{"a":1}]},"b":"a"}')).to.equal(undefined);
    expect(findDuplicateKey('{"b":[{"x\\"":1,"x\\u0022":2}]}')).to.equal('x"');
    expect(findDuplicateKey('{"a":[],"a":1}')).to.equal('a');
  });
  it('finds nothing in what JSON.stringify made', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(findDuplicateKey(JSON.stringify(JSON.parse(text)))).to.equal(undefined);
      }),
    );
  });
});

describe('half precision', () => {
  it('decodes and encodes all 65536 values', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits);
      if (Number.isNaN(value)) expect(floatToHalf(value)).to.equal(0x7e00);
      else if (floatToHalf(value) !== bits) expect.fail(`0x${bits.toString(16)}: ${value}`);
    }
  });
  it('rounds to nearest, ties to even', () => {
    expect(floatToHalf(1 + 2 ** -11)).to.equal(0x3c00); // tie, down to even
    expect(floatToHalf(1 + 3 * 2 ** -11)).to.equal(0x3c02); // tie, up to even
    expect(floatToHalf(65519.99)).to.equal(0x7bff);
    expect(floatToHalf(65520)).to.equal(0x7c00);
    expect(floatToHalf(2 ** -25)).to.equal(0);
    expect(floatToHalf(2 ** -25 * 1.01)).to.equal(1);
    expect(floatToHalf(-0)).to.equal(0x8000);
    expect(floatToHalf(2 - 2 ** -12)).to.equal(0x4000); // carry into the exponent
  });
  it('decodes bfloat16 and toHalf', () => {
    const bf16: StoredTensor = {
      shape: [2],
      dtype: 'BF16',
      data: new Uint16Array([0x3fc0, 0xc000]),
    };
    expect([...toFloat32(bf16)]).to.deep.equal([1.5, -2]);
    const half = toHalf({ shape: [2], data: new Float32Array([0.5, 3]) });
    expect([...toFloat32(half)]).to.deep.equal([0.5, 3]);
  });
});
