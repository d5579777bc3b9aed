import { expect } from 'chai';
import { reportPlots } from '../../../bench/report/plots.js';
import { formatReport } from '../../../bench/report/table.js';
import { alignRows, short } from '../../../bench/report/text.js';
import { conv, entry, report } from '../reports.js';

describe('bench: output', () => {
  const probe = entry('ceiling', 'fma', 2, 2, 4);
  const planned = entry('aofd', 'planned', 20, 20, 40);
  const direct = entry('aofd', 'direct', 30, 30, 60);
  const peer = entry('tfjs-webgpu', '', 200, 200, 400);
  const result = conv('conv3_2 forward', [planned, direct, peer, probe]);

  it('prints aligned text and draws plots of what is there', () => {
    expect(
      alignRows([
        ['a', '1'],
        ['bbb', '22'],
      ]),
    ).to.equal('a     1\nbbb  22');
    expect([short(1234.5), short(0.12345), short(0.00001), short(Number.NaN)]).to.deep.equal([
      '1235',
      '0.123',
      '1.0e-5',
      '-',
    ]);
    expect(formatReport(report([result])))
      .to.include('conv3_2 forward')
      .and.include('ours 10x');
    expect([...reportPlots(report([result])).keys()]).to.deep.equal([
      'roofline',
      'peak-shares',
      'against-tfjs-webgpu',
    ]);
    expect([...reportPlots(report([])).keys()]).to.deep.equal([]);
  });
});
