import { expect } from 'chai';
import { deviation, randomData, samplePlaces } from '../../../bench/cases/data.js';
import { vggFlops, vggLayers } from '../../../bench/cases/vgg-layers.js';

describe('bench: data', () => {
  it('repeats the same numbers for the same seed', () => {
    expect(randomData(100, 3)).to.deep.equal(randomData(100, 3));
    expect(randomData(100, 3)).not.to.deep.equal(randomData(100, 4));
    expect(Math.max(...randomData(1000, 1).map(Math.abs))).to.be.at.most(1);
    expect(samplePlaces(1000, 20, 1))
      .to.include.members([0, 999])
      .and.to.have.length(20);
    expect(samplePlaces(3, 20, 1)).to.deep.equal([0, 1, 2]);
  });

  it('measures deviations against the size of the outputs', () => {
    expect(deviation([2, 2], [2, 2])).to.equal(0);
    expect(deviation([2, 2.2], [2, 2])).to.be.closeTo(0.1, 1e-12);
    expect(deviation([Number.NaN], [1])).to.equal(1);
  });

  it('knows the 160.4 GFLOP of VGG16 at 512x512', () => {
    expect(vggLayers().map((l) => l.name))
      .to.have.length(13)
      .and.include('conv5_3');
    expect(vggFlops(512) / 1e9).to.be.closeTo(160.4, 0.1);
  });
});
