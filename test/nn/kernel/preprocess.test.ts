import { expect } from 'chai';
import { evaluate, preprocess, type Defines } from '../../../src/nn/kernel/preprocess.js';

const includes: Record<string, string> = {
  'grid.wgsl': 'fn grid() {}',
  'outer.wgsl': '#include "grid.wgsl"\nfn outer() {}',
  'loop.wgsl': '#include "loop.wgsl"\nfn loop() {}',
};

function expand(text: string, defines: Defines = {}): string[] {
  const out = preprocess('test', text, defines, (file) => {
    const found = includes[file];
    if (found === undefined) throw new Error(`no ${file}`);
    return found;
  });
  return out.split('\n').filter((line) => line.trim() !== '');
}

describe('kernel preprocessor', () => {
  it('leaves plain text alone', () => {
    const text = 'fn main() {\n  let a = b;\n}';
    expect(preprocess('k', text, {}, () => '')).to.equal(text);
  });

  it('inlines each include once, also through includes', () => {
    expect(expand('#include "outer.wgsl"\n#include "grid.wgsl"\nx')).to.deep.equal([
      'fn grid() {}',
      'fn outer() {}',
      'x',
    ]);
    expect(expand('#include "loop.wgsl"')).to.deep.equal(['fn loop() {}']);
  });

  it('takes one branch of #if, #elif, #else', () => {
    const text = '#if A == 1\none\n#elif A == 2\ntwo\n#else\nmany\n#endif\nend';
    expect(expand(text, { A: 1 })).to.deep.equal(['one', 'end']);
    expect(expand(text, { A: 2 })).to.deep.equal(['two', 'end']);
    expect(expand(text, { A: 3 })).to.deep.equal(['many', 'end']);
    expect(expand('#if A\nyes\n#endif', { A: false })).to.deep.equal([]);
    expect(expand('#if A // comment\nyes\n#endif', { A: true })).to.deep.equal(['yes']);
  });

  it('does not look into branches that are not taken', () => {
    expect(expand('#if 0\n#bogus\n#if UNKNOWN\n#endif\n#endif\nend')).to.deep.equal(['end']);
  });

  it('nests #if in #if, and #for in #for', () => {
    const text = '#if A\n#if B\nab\n#else\na\n#endif\n#endif';
    expect(expand(text, { A: 1, B: 0 })).to.deep.equal(['a']);
    expect(expand('#for i in 0..2\n#for j in i..2\n${i}${j}\n#endfor\n#endfor')).to.deep.equal([
      '00',
      '01',
      '11',
    ]);
  });

  it('unrolls #for with expressions of loop variables and defines', () => {
    const text = '#for i in 0..LANES / 2\nlet a${i} = ${4 * i + LANES}u;\n#endfor';
    expect(expand(text, { LANES: 4 })).to.deep.equal(['let a0 = 4u;', 'let a1 = 8u;']);
    expect(expand('#for i in 3..3\nnever\n#endfor')).to.deep.equal([]);
  });

  it('expands directives inside of #for per turn', () => {
    const text = '#for i in 0..3\n#if i == 1\nonly ${i}\n#endif\n#endfor';
    expect(expand(text)).to.deep.equal(['only 1']);
  });

  it('#define gives a default that the caller may override', () => {
    expect(expand('#define A 2\n${A}')).to.deep.equal(['2']);
    expect(expand('#define A 2\n${A}', { A: 5 })).to.deep.equal(['5']);
    expect(expand('#define T vec4f\nvar x: T;')).to.deep.equal(['var x: vec4f;']);
    expect(expand('#define T\nf(x T);')).to.deep.equal(['f(x );']);
    expect(expand('#define T , 0\nf(x T);')).to.deep.equal(['f(x , 0);']);
    expect(expand('#define B A + 1\n${B}', { A: 3 })).to.deep.equal(['4']);
  });

  it('replaces whole words only', () => {
    expect(expand('A AB B_A xA A.x', { A: 1 })).to.deep.equal(['1 AB B_A xA 1.x']);
  });

  it('evaluates integer expressions', () => {
    const env = new Map<string, number | string>([['N', 7]]);
    const value = (text: string): number => evaluate(text, env, 'here');
    expect(value('1 + 2 * 3 - 4')).to.equal(3);
    expect(value('(1 + 2) * 3')).to.equal(9);
    expect(value('8 - 2 - 1')).to.equal(5);
    expect(value('N / 2')).to.equal(3);
    expect(value('-N / 2')).to.equal(-3);
    expect(value('N % 4 == 3 && !(N < 7)')).to.equal(1);
    expect(value('N != 7 || N >= 7')).to.equal(1);
    expect(value('defined(N)')).to.equal(1);
    expect(value('defined(M) || N > 6')).to.equal(1);
  });

  it('says where and what is wrong', () => {
    expect(() => expand('x\n#if A\ny', { A: 1 })).to.throw(
      /test\.wgsl:2: "#if A" is never closed.*#endif/,
    );
    expect(() => expand('#for i in 0..2')).to.throw(/never closed/);
    expect(() => expand('#for i = 2\n#endfor')).to.throw(/test\.wgsl:1: bad #for/);
    expect(() => expand('#pragma once')).to.throw(/unknown directive "#pragma"/);
    expect(() => expand('#define')).to.throw(/bad #define/);
    expect(() => expand('#if A\n#endif')).to.throw(/test\.wgsl:1: "A" is not defined/);
    expect(() => expand('#if (1\n#endif')).to.throw(/"\)" is missing/);
    expect(() => expand('#if 1 1\n#endif')).to.throw(/unexpected "1"/);
    expect(() => expand('${1 +}')).to.throw(/something is missing/);
  });
});
