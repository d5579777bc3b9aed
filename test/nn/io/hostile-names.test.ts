import { expect } from 'chai';
import { zipSync } from 'fflate';
import { IoError } from '../../../src/nn/io/errors.js';
import { parseNpz, serializeNpy } from '../../../src/nn/io/npy.js';
import { parseSafetensors } from '../../../src/nn/io/safetensors.js';
import { optimStateOf } from '../../../src/nn/io/state.js';
import { floatData } from '../../../src/nn/io/stored-tensor.js';
import { thrownBy } from '../../helpers/rejection.js';

const one = floatData(Float32Array.of(1), [1]);

describe('names in files that reach prototypes', () => {
  afterEach(() => {
    expect(Object.keys(Object.prototype), 'Object.prototype').to.deep.equal([]);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
    expect(Object).not.to.have.property('polluted');
  });

  it('stay names of optimiser state', () => {
    for (const slot of ['__proto__', 'constructor']) {
      const slots = optimStateOf({ [`optim/stage/${slot}/polluted`]: one }, 'stage');
      expect(Object.keys(slots)).to.deep.equal([slot]);
      expect(Object.keys(slots[slot]!)).to.deep.equal(['polluted']);
    }
  });

  it('stay names of arrays in an npz archive', () => {
    const npy = serializeNpy({ shape: [1], data: Float32Array.of(7) });
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const arrays = parseNpz(zipSync({ [`${name}.npy`]: npy }));
      expect(Object.keys(arrays)).to.deep.equal([name]);
      expect(arrays[name]!.data[0]).to.equal(7);
    }
  });

  it('are refused or stay names in a safetensors header', () => {
    const file = (header: string): Uint8Array => {
      const length = Buffer.alloc(8);
      length.writeUInt32LE(header.length);
      return Buffer.concat([length, Buffer.from(header), Buffer.alloc(4)]);
    };
    const tensor = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    const read = (header: string): unknown => parseSafetensors(file(header), 'w');
    thrownBy(() => read(`{"__proto__":${tensor}}`), IoError);
    thrownBy(() => read(`{"__metadata__":{"__proto__":"x"},"a":${tensor}}`), IoError);
    thrownBy(() => read(`{"__metadata__":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`), IoError);
    const { tensors } = parseSafetensors(file(`{"constructor":${tensor}}`), 'w');
    expect([...tensors.keys()]).to.deep.equal(['constructor']);
  });
});
