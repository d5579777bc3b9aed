/** WIDER FACE against the official functions' figures, with the official lists of the shared folder. */
import { join } from 'node:path';
import { expect } from 'chai';
import { verifyMafaAsync } from '../../scripts/verify/mafa.js';
import { syntheticWider, verifyWiderAsync } from '../../scripts/verify/wider.js';
import { widerProtocol } from '../../src/aofd/eval/wider/protocol.js';
import { loadWiderMatAsync } from '../../src/aofd/eval/wider/annotations.js';
import { SHARED, needShared } from '../helpers/shared-data.js';

const lists = join(SHARED, 'golden/data');

describe('WIDER FACE on the official lists', function () {
  this.timeout(120000);
  before(function () {
    needShared(this, 'golden/data/wider_face_val.mat');
  });

  it('reproduces every figure of the verification script', async () => {
    const lines: string[] = [];
    const { checked, failed, missing } = await verifyWiderAsync(SHARED, (line) => lines.push(line));
    expect(failed, lines.join('\n')).to.equal(0);
    expect(checked + missing.length).to.be.at.least(38);
  });

  it('gives the golden AP to all printed digits through the whole protocol', async () => {
    const loaded = await loadWiderMatAsync(lists, { ignoreBelow: 10 });
    const set = await widerProtocol.loadAsync(lists, {});
    const { headlines, tables } = set.evaluate(syntheticWider(loaded!.set), {
      bootstrap: 3,
      level: 0.95,
      seed: 1,
    });
    const digits = Object.fromEntries(headlines.map(({ key, value }) => [key, value.toFixed(9)]));
    expect(digits['ap-easy']).to.equal('0.559158225');
    expect(digits['ap-medium']).to.equal('0.644832737');
    expect(digits['ap-hard']).to.equal('0.728502620');
    const groups = tables.find(({ title }) => title === 'Recall by kind of face')!.rows;
    const faces = (by: string): unknown[] =>
      groups.filter((row) => row[0] === by).map((row) => row[2]);
    expect(faces('occlusion')).to.deep.equal([23812, 7185, 8711]);
    expect(faces('all')).to.deep.equal([39708]);
  });
});

describe('MAFA', () => {
  it('gives the worked example of the verification script', async () => {
    const lines: string[] = [];
    const { failed } = await verifyMafaAsync(SHARED, (line) => lines.push(line));
    expect(failed, lines.join('\n')).to.equal(0);
  });
});
