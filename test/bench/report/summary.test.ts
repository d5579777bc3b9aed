import { expect } from 'chai';
import { peakShare, ratioTo, rooflineShare } from '../../../bench/report/summary.js';
import { conv, entry, report } from '../reports.js';

describe('bench: summary', () => {
  const probe = entry('ceiling', 'fma', 2, 2, 4);
  const planned = entry('aofd', 'planned', 20, 20, 40);
  const peer = entry('tfjs-webgpu', '', 200, 200, 400);
  const result = conv('conv3_2 forward', [planned, peer, probe]);

  it('pairs shares with the peak of each round', () => {
    // 2 GFLOP in 10 ms against 0.1 GFLOP in 1 ms.
    expect(peakShare(report([result]), result, planned)?.median).to.be.closeTo(2, 1e-12);
    const alone = conv('x', [planned]);
    expect(peakShare(report([alone]), alone, planned)?.median).to.be.closeTo(2, 1e-12);
    expect(rooflineShare(report([result]), result, planned)).to.be.closeTo(2, 1e-12);
    expect(ratioTo(result, 'tfjs-webgpu')?.median).to.equal(10);
  });
});
