import { expect } from 'chai';
import { unitWarnings } from '../../../../src/aofd/eval/detections/unit-warnings.js';
import type { Detection } from '../../../../src/aofd/eval/protocol.js';
import { gradientImage, pngOf } from '../../../helpers/pictures.js';
import { useSuiteFolder } from '../../../helpers/temp-folder.js';

describe('units of result files', () => {
  const at = useSuiteFolder();
  before(() => void at.write('a.png', pngOf(gradientImage(100, 60))));
  const warningsOf = (...faces: [box: number[], score: number][]): string => {
    const images = [
      { name: 'a.png', file: at('a.png') },
      { name: 'gone.png', file: at('gone.png') },
      { name: 'unknown.png', file: null },
    ];
    const list = faces.map(([box, score]) => ({ box, score }) as unknown as Detection);
    return unitWarnings({ byImage: new Map(images.map(({ name }) => [name, list])) }, images).join(
      '\n',
    );
  };

  it('says nothing of boxes in pixels with probabilities, some over the border', () => {
    expect(warningsOf([[10, 10, 30, 30], 0.9], [[90, 40, 120, 70], 0.2])).to.equal('');
    expect(warningsOf()).to.equal('');
  });

  it('tells shares of the picture, percent, and corners in place of sizes', () => {
    expect(warningsOf([[0.1, 0.1, 0.3, 0.5], 0.9])).to.include('shares of the picture');
    expect(warningsOf([[10, 10, 30, 30], 97.5])).to.match(/scores go up to 97\.5.*percent/);
    // x, y, x + x2, y + y2: what a reader of widths makes of corners.
    const corners = warningsOf(
      [[50, 30, 50 + 90, 30 + 50], 0.9],
      [[10, 10, 40, 40], 0.5],
      [[60, 20, 150, 70], 0.4],
    );
    expect(corners).to.match(/2 of 3 boxes leave their picture.*corners/);
  });
});
