/** Published FDDB results, which are not part of this project, reproduced row by row. */
import { expect } from 'chai';
import { join } from 'node:path';
import { compareRoc, PAIRS, reproduceAsync, verifyFddbAsync } from '../../scripts/verify/fddb.js';
import { readText } from '../../src/aofd/data/sets/text-file.js';
import { fddbProtocol } from '../../src/aofd/eval/fddb/protocol.js';
import { SHARED, needShared } from '../helpers/shared-data.js';

describe('FDDB, published results (docs/spec.md 6.1)', function () {
  this.timeout(120000);

  for (const pair of PAIRS) {
    it(`reproduces ${pair.name}`, async function () {
      needShared(this, ...pair.detections, pair.discrete, pair.continuous);
      const ours = await reproduceAsync(SHARED, pair);
      const discrete = compareRoc(readText(join(SHARED, pair.discrete)), ours.discrete);
      expect(discrete.identicalRows).to.equal(discrete.rows[0]);
      expect(discrete.rows[1]).to.equal(discrete.rows[0]);
      const continuous = compareRoc(readText(join(SHARED, pair.continuous)), ours.continuous);
      expect(continuous.equalFalsePositives).to.equal(continuous.rows[0]);
      expect(continuous.recall).to.be.at.most(pair.continuousWithin ?? 1.000001e-6);
      if (pair.isIdentical) expect(continuous.identicalRows).to.equal(continuous.rows[0]);
      expect(ours.milliseconds).to.be.below(60000);
    });
  }

  it('finds nothing wrong in any check of the script', async function () {
    needShared(this, 'golden/ellipse_spans.json', 'data/fddb/rocCurves/roc-summary.json');
    const lines: string[] = [];
    const result = await verifyFddbAsync(SHARED, (line) => lines.push(line));
    expect(result.failed, lines.join('\n')).to.equal(0);
    expect(result.missing).to.deep.equal([]);
  });

  it('wants --allow-missing for the pictures that this copy lacks, and prints what it does', async function () {
    needShared(this, 'data/fddb/images.tsv', 'data/peers/yunet-2026may/fddb.txt');
    const data = join(SHARED, 'data/fddb');
    const error = await fddbProtocol.loadAsync(data, {}).then(
      () => null,
      (e: unknown) => e as Error,
    );
    expect(error?.message).to.match(/77 of 2845 pictures \(90 of 5171 faces\).*--allow-missing/);
    const set = await fddbProtocol.loadAsync(data, { allowMissing: true });
    expect(set.warnings.join()).to.contain('cannot exceed 0.982595');
    const file = join(SHARED, 'data/peers/yunet-2026may/fddb.txt');
    const detections = await set.readDetectionsAsync([file], 'yunet');
    const { headlines, tables } = set.evaluate(detections, { bootstrap: 0, level: 0.95, seed: 0 });
    const value = (key: string): number => headlines.find((h) => h.key === key)?.value ?? NaN;
    const ratio = value('discrete-recall@1000') / value('discrete-recall@1000-present');
    expect(ratio).to.be.closeTo(5081 / 5171, 1e-12);
    expect(tables.map((t) => t.title)).to.include('Effect of the missing pictures');
    expect(tables.find((t) => t.title === 'Folds')?.rows).to.have.length(10);
  });
});
