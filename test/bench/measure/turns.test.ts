import { expect } from 'chai';
import type { Prepared } from '../../../bench/measure/case.js';
import { measureCaseAsync } from '../../../bench/measure/turns.js';
import { peakShare } from '../../../bench/report/summary.js';
import { conv, report } from '../reports.js';

describe('bench: turns', () => {
  const options = {
    repeats: 4,
    cores: 2,
    errorBound: 1e-3,
    slowMs: 1e4,
    minSampleMs: 0,
    probe: null,
  };
  const idle = (log: string[], name: string, more: Partial<Prepared> = {}) => ({
    maker: 'aofd' as const,
    variant: name,
    prepareAsync: () =>
      Promise.resolve({
        runAsync: () => Promise.resolve(void log.push(name)),
        disposeAsync: () => Promise.resolve(void log.push(`free ${name}`)),
        ...more,
      }),
  });

  it('checks before it times, then lets contestants take turns, and frees all', async () => {
    const log: string[] = [];
    const check = { checkAsync: () => Promise.resolve(Number(log.push('check')) * 0) };
    const bench = { ...conv('case', []), contestants: [idle(log, 'a', check), idle(log, 'b')] };
    const result = await measureCaseAsync(bench, options);
    expect(log.slice(0, 5)).to.deep.equal(['a', 'check', 'a', 'b', 'b']);
    expect(log.slice(5, -2).join('')).to.equal('abababab');
    expect(log.slice(-2)).to.deep.equal(['free a', 'free b']);
    expect(result.entries.map((e) => e.timing?.rounds.length)).to.deep.equal([4, 4]);
  });

  it('has bounds and notes of its own for a case and a contestant', async () => {
    const check = { checkAsync: () => Promise.resolve(0.05) };
    const contestant = { ...idle([], 'step', check), note: 'more than the stack', flops: 0 };
    const bench = { ...conv('case', []), contestants: [contestant], errorBound: 0.1 };
    const measured = await measureCaseAsync(bench, options);
    expect(measured).not.to.have.property('errorBound');
    expect(measured.entries[0]).to.include({ note: 'more than the stack', flops: 0, error: 0.05 });
    expect(peakShare(report([measured]), measured, measured.entries[0]!)).to.equal(undefined);
  });

  it('reports wrong results and failures instead of hiding them', async () => {
    const wrong = idle([], 'wrong', { checkAsync: () => Promise.resolve(0.5) });
    const broken = {
      ...idle([], 'broken'),
      prepareAsync: () => Promise.reject(new Error('no memory')),
    };
    const bench = { ...conv('case', []), contestants: [wrong, broken] };
    const [first, second] = (await measureCaseAsync(bench, options)).entries;
    expect(first?.note).to.equal('failed: deviates by 0.5');
    expect(first?.timing).to.equal(null);
    expect(second).to.include({ timing: null, note: 'failed: no memory' });
  });
});
