import { expect } from 'chai';
import { IoError } from '../../../src/nn/io/errors.js';
import {
  metaToJson,
  optimName,
  optimStateOf,
  parametersOf,
  parseStateName,
} from '../../../src/nn/io/state.js';
import { floatData } from '../../../src/nn/io/stored-tensor.js';

const t = (n: number) => floatData(new Float32Array(n), [n]);

describe('training state', () => {
  it('names parameters, optimiser state and extras', () => {
    const name = optimName('detector', 'momentum', 'conv3_1.weight');
    expect(name).to.equal('optim/detector/momentum/conv3_1.weight');
    expect(parseStateName(name)).to.deep.equal({
      kind: 'optim',
      optimizer: 'detector',
      slot: 'momentum',
      parameter: 'conv3_1.weight',
    });
    expect(parseStateName('extra/ema')).to.deep.equal({ kind: 'extra', name: 'ema' });
    const tensors = { 'a.weight': t(2), [optimName('d', 'm', 'a.weight')]: t(2), 'extra/x': t(1) };
    expect(parametersOf(tensors)).to.have.all.keys('a.weight');
    expect(optimStateOf(tensors, 'd')['m']).to.have.all.keys('a.weight');
    expect(optimStateOf(tensors, 'other')).to.deep.equal({});
    expect(() => optimName('a/b', 'm', 'x')).to.throw(IoError, /bad name part "a\/b"/);
  });

  it('keeps meta exactly or refuses it', () => {
    const meta = { step: 3, rng: { key: [1, 2 ** 40], name: 'é' }, none: null, gone: undefined };
    expect(JSON.parse(metaToJson(meta))).to.deep.equal({ step: 3, rng: meta.rng, none: null });
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const [bad, message] of [
      [{ a: [1, NaN] }, /meta\.a\[1\] is NaN/],
      [{ a: { b: Infinity } }, /meta\.a\.b is Infinity/],
      [{ a: -0 }, /meta\.a is -0/],
      [{ a: 1n }, /a bigint/],
      [{ a: [undefined] }, /a undefined/],
      [{ a: new Float32Array(1) }, /a Float32Array/],
      [cycle, /part of a cycle/],
    ] as [Record<string, unknown>, RegExp][]) {
      expect(() => metaToJson(bad)).to.throw(IoError, message);
    }
  });
});
