import { expect } from 'chai';
import { meanLosses } from '../../../src/aofd/train/losses/index.js';

describe('losses of an update', () => {
  it('are means over its batches; of a loss that some lack, over the others', () => {
    expect(
      meanLosses([
        { rpn: 1, total: 1 },
        { rpn: 3, segmentation: 0.5, total: 4 },
      ]),
    ).to.deep.equal({
      rpn: 2,
      segmentation: 0.5,
      total: 2.5,
    });
    expect(meanLosses([{ rpn: 0.1 }])).to.deep.equal({ rpn: 0.1 });
    expect(meanLosses([{ rpn: 1 }, { rpn: NaN }])['rpn']).to.be.NaN;
    expect(meanLosses([{}])).to.deep.equal({});
  });
});
