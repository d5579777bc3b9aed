/**
 * The COCO-style and the occlusion protocol on the data beside the repository: numbers that others
 * measured on the same files, and comparisons of detectors whose answer is known.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { verifyCocoAsync } from '../../scripts/verify/coco.js';
import { cocoProtocol } from '../../src/aofd/eval/coco/protocol.js';
import { SHARED, needShared } from '../helpers/shared-data.js';
import type { DetectionSet, EvalSet } from '../../src/aofd/eval/protocol.js';
import type {
  EvaluateSettings,
  PairedDifference,
} from '../../src/aofd/eval/statistics/measures.js';

const data = join(SHARED, 'data');
const SETTINGS: EvaluateSettings = { bootstrap: 200, level: 0.95, seed: 1 };

describe('evaluation of the peers', function () {
  this.timeout(120_000);
  let set: EvalSet;
  const byName = new Map<string, DetectionSet>();

  before(async function () {
    needShared(this, 'data/masked/val.json', 'data/peers', 'data/facecount/val_bbx_gt.txt');
    set = await cocoProtocol.loadAsync(join(data, 'masked'), {});
    for (const name of ['yunet-2026may', 'scrfd-500m', 'scrfd-2.5g']) {
      const file = join(data, 'peers', name, 'masked-val.json');
      byName.set(name, await set.readDetectionsAsync([file], name));
    }
  });

  it("gives the stated AP, and pycocotools' figures to the last digit", async () => {
    const lines: string[] = [];
    const { checked, failed, missing } = await verifyCocoAsync(SHARED, (line) => lines.push(line));
    expect(missing).to.deep.equal([]);
    expect(failed, lines.filter((line) => line.endsWith('WRONG')).join('\n')).to.equal(0);
    expect(checked).to.equal(98);
  });

  it('puts 749 faces that count into intervals of a sensible width', () => {
    const { headlines, tables, findings } = set.evaluate(byName.get('scrfd-2.5g')!, SETTINGS);
    const ap = headlines.find((headline) => headline.key === 'face-ap')!;
    expect(ap.interval!.low).to.be.within(ap.value - 0.08, ap.value - 0.01);
    expect(ap.interval!.high).to.be.within(ap.value + 0.01, ap.value + 0.08);
    expect(tables[0]!.rows[0]![1]).to.equal(749);
    const names = new Set(set.images.map((image) => image.name));
    expect(findings.every((finding) => names.has(finding.image))).to.equal(true);
  });

  it('tells detectors apart that differ, and a detector not from itself', () => {
    const compare = (a: string, b: string): Map<string, PairedDifference> =>
      new Map(
        set.compare(byName.get(a)!, byName.get(b)!, SETTINGS).map((line) => [line.key, line]),
      );
    const different = compare('scrfd-2.5g', 'yunet-2026may');
    const covered = different.get('face-ap-covered')!;
    expect(covered.difference).to.be.closeTo(0.0715, 0.001);
    expect(covered.interval.low).to.be.greaterThan(0);
    expect(covered.p).to.be.lessThan(0.02);
    // The other way round on unmasked faces.
    expect(different.get('face-ap-unmasked')!.interval.high).to.be.lessThan(0);
    for (const { difference, p } of compare('scrfd-500m', 'scrfd-500m').values()) {
      expect([difference, p]).to.deep.equal([0, 1]);
    }
  });
});
