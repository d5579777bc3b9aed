import { expect } from 'chai';
import { movedFacecount, movedMasked } from '../../scripts/results/one-convention.js';
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

  it('moves the labels of each collection, and only boxes', () => {
    const images = ['images/val/ilc_00.jpg', 'images/val/k853_1.png'].map((file_name, id) => ({ id, file_name, width: 100, height: 400 })); // prettier-ignore
    const annotations = [1, 0].map((image_id, id) => ({ id, image_id, category_id: 2, bbox: [10, 20, 100, 200], area: 20000 })); // prettier-ignore
    const text = JSON.stringify({ images, annotations, categories: [] });
    const result = JSON.parse(movedMasked(text)) as { annotations: object[] };
    expect(result).to.deep.equal({
      images,
      annotations: [
        { ...annotations[0], bbox: [10, 0, 90, 206], area: 90 * 206 },
        { ...annotations[1], bbox: [10, 0, 90, 220], area: 90 * 220 },
      ],
      categories: [],
    });
    expect(() => movedMasked(text.replace('ilc_', 'other_'))).to.throw('other_00.jpg is of no collection'); // prettier-ignore
    expect(movedFacecount('val/1.jpg\n1\n10 20 100 200 0 0 0 1 0 0\n2.jpg\n0\n')).to.equal(
      'val/1.jpg\n1\n21.4 15.4 87.1 220 0 0 0 1 0 0\n2.jpg\n0\n',
    );
  });
});
