import { expect } from 'chai';
import { paperStep } from '../../../bench/cases/stack.js';
import { compareReports } from '../../../bench/report/compare.js';
import type { Report } from '../../../bench/report/report.js';
import { conv, entry, report, stack } from '../reports.js';

describe('bench: comparison', () => {
  const probe = entry('ceiling', 'fma', 2, 2, 4);
  const planned = entry('aofd', 'planned', 20, 20, 40);
  const direct = entry('aofd', 'direct', 30, 30, 60);
  const peer = entry('tfjs-webgpu', '', 200, 200, 400);
  const result = conv('conv3_2 forward', [planned, direct, peer, probe]);

  it('flags what became slower relative to the peak, beyond noise', () => {
    const steady = (factor: number, peak: number): Report =>
      report([
        conv('a', [
          entry('aofd', 'planned', ...[10, 10.1, 10].map((t) => t * factor)),
          entry('ceiling', 'fma', peak, peak, peak),
        ]),
      ]);
    const verdict = (a: Report, b: Report) => compareReports(a, b).changes[0]?.verdict;
    expect(verdict(steady(1, 1), steady(1.3, 1))).to.equal('slower');
    expect(verdict(steady(1, 1), steady(0.7, 1))).to.equal('faster');
    expect(verdict(steady(1, 1), steady(1.05, 1))).to.equal('same');
    // Half as fast a machine: everything takes twice as long, and nothing is slower.
    expect(verdict(steady(1, 1), steady(2, 2))).to.equal('same');
    const noisy = report([conv('a', [entry('aofd', 'planned', 6, 10, 20)])]);
    expect(verdict(noisy, report([conv('a', [entry('aofd', 'planned', 8, 13, 25)])]))).to.equal(
      'same',
    );
  });

  it('names cases that are missing, and other adapters', () => {
    const other = report([]);
    other.environment = {
      ...other.environment,
      adapter: { ...other.environment.adapter, name: 'RTX' },
    };
    const { missing, warnings } = compareReports(report([result]), other);
    expect(missing).to.have.length(2);
    expect(warnings.join()).to.include('llvmpipe').and.include('RTX');
  });

  it('compares what both reports have, and no others, when names change', () => {
    const old = report([conv('a', [planned]), stack('stack', planned, peer)]);
    const now = report([
      conv('b', [planned]),
      stack('stack', planned, { ...direct, variant: paperStep, flops: 0 }, peer),
    ]);
    const { changes, missing } = compareReports(old, now);
    expect(changes.map((c) => `${c.case} ${c.variant} ${c.verdict}`)).to.deep.equal([
      'stack planned same',
    ]);
    expect(missing).to.deep.equal(['conv/a/64->64/planned']);
  });
});
