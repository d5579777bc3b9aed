import { expect } from 'chai';
import { insertResults, resultsTable, short } from '../../scripts/results/table.js';

describe('scripts/results', () => {
  const report = {
    headlines: [
      { key: 'face-ap', value: 0.8, interval: { low: 0.75, high: 0.85, level: 0.95 } },
      { key: 'share-error', value: 0.04 },
    ],
    peers: [{ name: 'other', headlines: [{ key: 'face-ap', value: 0.9 }] }],
  };

  it('draws a row for each figure that a report has, the best in bold', () => {
    expect(resultsTable({ masked: report, occlusion: { ...report, peers: [] } }, 'ours')).to.equal(
      [
        '| set | ours | other |',
        '| --- | --- | --- |',
        '| masked/val, all faces, AP | .800 [.750, .850] | **.900** |',
        '| occlusion-seg/test, mean error of the covered share | .040 | - |',
      ].join('\n'),
    );
  });

  it('prints three decimals', () => {
    expect([0.12345, -0.5, 1].map(short)).to.deep.equal(['.123', '-.500', '1.000']);
  });

  it('replaces what lies between the markers, and says where they are missing', () => {
    const text = 'a\n<!-- results -->\n\nold\n\n<!-- /results -->\nb\n';
    expect(insertResults(text, 'new', 'README.md')).to.equal(
      'a\n<!-- results -->\n\nnew\n\n<!-- /results -->\nb\n',
    );
    expect(() => insertResults('no markers', 'new', 'README.md')).to.throw(
      'README.md: has no "<!-- results -->" before "<!-- /results -->", once each.',
    );
  });
});
