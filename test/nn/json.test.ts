import { expect } from 'chai';
import { MOST_JSON_DEPTH, parseJsonText } from '../../src/nn/json.js';
import { thrownBy } from '../helpers/rejection.js';

const nested = (depth: number, open = '[', close = ']'): string =>
  open.repeat(depth) + close.repeat(depth);
const refusal = (text: string): string => thrownBy(() => parseJsonText(text), SyntaxError).message;

describe('json text', () => {
  it('gives what JSON.parse gives', () => {
    const values = [null, 1.5, 'a"\\b[{', [[], {}], { a: { 'b"]': ['\\', '\\"', ''] } }];
    for (const value of values) {
      expect(parseJsonText(JSON.stringify(value, null, 1))).to.deep.equal(value);
    }
    expect(parseJsonText(nested(MOST_JSON_DEPTH))).to.be.an('array');
    expect(parseJsonText(`["${'['.repeat(1000)}"]`)).to.have.length(1);
    expect(parseJsonText(`[${'[],'.repeat(1000)}1]`)).to.have.length(1001);
  });

  it('refuses what is nested too deep, before it is parsed', () => {
    expect(refusal(nested(MOST_JSON_DEPTH + 1))).to.match(/nested more than 100 deep at position/);
    expect(refusal('{"a":'.repeat(100_000))).to.match(/nested more than/);
    expect(refusal('["\\\\",'.repeat(101))).to.match(/nested more than/);
  });

  it('refuses the key __proto__, however it is written and wherever it stands', () => {
    for (const key of ['__proto__', '\\u005f_proto__', '__\\u0070roto__']) {
      expect(refusal(`{"${key}": {"polluted": 1}}`)).to.match(/"__proto__" is not allowed/);
      expect(refusal(`[{"a": [{"${key}": 1}]}]`)).to.match(/"__proto__" is not allowed/);
    }
    expect(parseJsonText('{"a": "__proto__", "constructor": 1}')).to.include({ constructor: 1 });
  });

  it('says what JSON.parse says of what is no JSON', () => {
    for (const text of ['', '{', '["', '"\\', '}', 'NaN', '{"a" 1}']) refusal(text);
  });
});
