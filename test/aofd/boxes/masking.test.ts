import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  MASK_TYPES,
  compactGradient,
  compactResponse,
  halfMask,
  planMasks,
  randomMask,
  smallestMask,
} from '../../../src/aofd/boxes/masking.js';
import { presetConfig } from '../../../src/aofd/config/index.js';
import { CounterRng } from '../../../src/nn/tensor/random.js';

function golden<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8'),
  ) as T;
}
/** Compactness of an occlusion map: sum of the rectified (J13) or literal responses. */
function compactness(occlusion: ArrayLike<number>, mode: 'relu' | 'literal' = 'relu'): number {
  const rectify = (v: number): number => (mode === 'relu' ? Math.max(0, v) : v);
  return compactResponse(occlusion).reduce((sum, v) => sum + rectify(v), 0);
}

const hidden = (mask: ArrayLike<number>): number => Array.from(mask).filter((v) => v === 0).length;

describe('masks (docs/spec.md 3.6)', () => {
  it('half hides 3 of 7 lines on each side', () => {
    for (const side of ['left', 'right', 'top', 'bottom'] as const) {
      expect(hidden(halfMask(side))).to.equal(21);
    }
    expect([...halfMask('right').subarray(0, 7)]).to.deep.equal([1, 1, 1, 1, 0, 0, 0]);
    expect([...halfMask('top').subarray(14, 28)]).to.deep.equal([
      ...Array<number>(7).fill(0),
      ...Array<number>(7).fill(1),
    ]);
    expect(hidden(halfMask('left', 7, 4))).to.equal(28);
  });

  it('random hides exactly 24 cells, every cell about equally often', () => {
    const rng = new CounterRng(1);
    const counts = new Float64Array(49);
    for (let i = 0; i < 2000; i++) {
      const mask = randomMask(rng);
      expect(hidden(mask)).to.equal(24);
      mask.forEach((v, cell) => (counts[cell] = counts[cell]! + (1 - v)));
    }
    counts.forEach((count) => expect(count / 2000).to.be.closeTo(24 / 49, 0.06));
  });

  it('floors the shares (J14)', () => {
    const { generatorCells, trainCells, randomCells } = presetConfig('paper').masking;
    const want = [1 / 4, 1 / 3, 1 / 2].map((share) => Math.floor(share * 49));
    expect([generatorCells, trainCells, randomCells]).to.deep.equal(want);
  });

  it('takes the lower cell on equal heats', () => {
    const { mask, tau } = smallestMask([1, 0, 0, 0, 2], 2);
    expect([...mask]).to.deep.equal([1, 0, 0, 1, 1]);
    expect(tau).to.equal(0);
  });
});

describe('mask plan (J15, J16)', () => {
  const labels = Int32Array.from({ length: 600 }, (_, i) => (i < 150 ? 1 : 0));
  const { masking } = presetConfig('paper');
  const plan = (over: object, seed = 4) =>
    planMasks(labels, { ...masking, ...over }, 7, new CounterRng(seed, 'masks'));

  it('double: every RoI once original, once with one of three types', () => {
    const p = plan({});
    expect(p.rows).to.equal(1200);
    expect([...p.types.subarray(0, 600)].every((t) => t === 0)).to.equal(true);
    for (let row = 600; row < 1200; row++) {
      expect(p.source[row]).to.equal(row - 600);
      const cells = hidden(p.masks.subarray(row * 49, row * 49 + 49));
      expect(cells).to.equal([-1, 0, 21, 24][p.types[row]!]);
    }
    for (const t of [1, 2, 3]) {
      expect([...p.types].filter((v) => v === t).length).to.be.within(150, 250);
    }
    expect([...p.generatorRows]).to.deep.equal(
      [...p.types.keys()].filter((i) => MASK_TYPES[p.types[i]!] === 'generator'),
    );
    expect([...plan({}).masks]).to.deep.equal([...p.masks]);
  });

  it('replace: a quarter each; none: originals only', () => {
    const p = plan({ jointMode: 'replace' });
    expect(p.rows).to.equal(600);
    for (const t of [0, 1, 2, 3]) {
      expect([...p.types].filter((v) => v === t).length).to.be.within(110, 190);
    }
    const none = plan({ jointMode: 'none' });
    expect(none.rows).to.equal(600);
    expect(none.masks.every((v) => v === 1)).to.equal(true);
    expect(none.generatorRows.length).to.equal(0);
  });

  it('can leave negatives alone, with the same draws for faces', () => {
    const all = plan({});
    const faces = plan({ maskNegatives: false });
    expect([...faces.types.subarray(750)].every((t) => t === 0)).to.equal(true);
    expect([...faces.types.subarray(600, 750)]).to.deep.equal([...all.types.subarray(600, 750)]);
  });

  it('can do without the generator (ablation)', () => {
    const p = plan({ types: ['half', 'random'] });
    expect(p.generatorRows.length).to.equal(0);
    expect([...p.types.subarray(600)].every((t) => t >= 2)).to.equal(true);
  });
});

describe('compactness (docs/spec.md 3.4)', () => {
  interface Case {
    rows: string[];
    plain_same: number;
    relu_same: number;
    abs_same: number;
    conv8: number[][];
    relu_grad8: number[][];
  }
  for (const c of golden<{ compact: Case[] }>('compact').compact) {
    it(`scores ${c.rows.join('|')}`, () => {
      const o = [...c.rows.join('')].map((s) => (s === '#' ? 1 : 0));
      expect([...compactResponse(o)].map((v) => v * 8)).to.deep.equal(c.conv8.flat());
      expect(compactness(o)).to.equal(c.relu_same);
      // The kernel is symmetric: the gradient is its response to the rectifier's indicator.
      const active = Array.from(compactResponse(o), (v) => (v > 0 ? 1 : 0));
      expect([...compactResponse(active)].map((v) => v * 8)).to.deep.equal(c.relu_grad8.flat());
      expect(compactness(o, 'literal')).to.equal(c.plain_same);
    });
  }

  it('agrees with the generator example on mask, tau and score', () => {
    const want = golden<{ mask: number[][]; tau: number; Lcom: number }>('mask-generator');
    const heat = Array.from({ length: 49 }, (_, cell) => ((31 * cell) % 49) / 10);
    const { mask, tau } = smallestMask(heat, 12);
    expect([...mask]).to.deep.equal(want.mask.flat());
    expect(tau).to.be.closeTo(want.tau, 1e-12);
    expect(compactness(Array.from(mask, (m) => 1 - m))).to.equal(want.Lcom);
  });

  it('gives the generator example: losses and the straight-through gradient (docs/spec.md 3.5)', () => {
    const want = golden<Record<'z' | 'Lc' | 'Lg', number> & Record<string, number[][]>>(
      'mask-generator',
    );
    const heat = Array.from({ length: 49 }, (_, cell) => ((31 * cell) % 49) / 10);
    const x = Array.from({ length: 98 }, (_, i) => ((37 * i) % 23) / 23);
    const weight = Array.from({ length: 98 }, (_, i) => (((17 * i) % 29) - 14) / 200);
    const { mask, tau } = smallestMask(heat, 12);
    const z = x.reduce((sum, value, i) => sum + value * mask[i % 49]! * weight[i]!, 0.3);
    const lossClass = Math.log1p(Math.exp(-z));
    const hiddenCells = Array.from(mask, (m) => 1 - m);
    const gamma = 1e-6;
    expect(z).to.be.closeTo(want.z, 1e-12);
    expect(lossClass).to.be.closeTo(want.Lc, 1e-12);
    expect(gamma * compactness(hiddenCells) - lossClass).to.be.closeTo(want.Lg, 1e-12);
    // Cells 3 and 48 have a response of exactly 0, where the rule says "no gradient"; the golden
    // values carry a rounding residue above 0 there and count them, so they are added here.
    const responses = compactResponse(hiddenCells);
    expect([responses[3]! + 0, responses[48]! + 0]).to.deep.equal([0, 0]);
    const active = Array.from(responses, (v) => (v > 0 ? 1 : 0));
    const byRule = compactResponse(active);
    const asStored = compactResponse(active.map((v, i) => (i === 3 || i === 48 ? 1 : v)));
    const slope = -1 / (1 + Math.exp(z));
    heat.forEach((h, cell) => {
      const s = 1 / (1 + Math.exp(tau - h));
      const classGradient =
        slope * (x[cell]! * weight[cell]! + x[cell + 49]! * weight[cell + 49]!) * s * (1 - s);
      const dStored = -asStored[cell]! * s * (1 - s);
      const dRule = -byRule[cell]! * s * (1 - s);
      const total = want['dLg_dh']!.flat()[cell]!;
      expect(dStored).to.be.closeTo(want['dLcom_dh']!.flat()[cell]!, 1e-12);
      expect(classGradient).to.be.closeTo(want['dLc_dh']!.flat()[cell]!, 1e-12);
      expect(gamma * dStored - classGradient).to.be.closeTo(total, 1e-12);
      expect(gamma * dRule - classGradient).to.be.closeTo(total, 0.25 * gamma);
    });
  });

  describe('gradients of the compact loss', () => {
    /** Random hidden cells. */
    const drawn = (seed: number, count: number): Float64Array => {
      const mask = randomMask(new CounterRng(seed, 'test/compact'), 7, count);
      return Float64Array.from(mask, (kept) => 1 - kept);
    };

    it('"flip" is what flipping each cell would change, less the mean', () => {
      for (const seed of [1, 2, 3]) {
        const cells = drawn(seed, 12);
        const loss = compactness(cells);
        const changes = cells.map((was, i) => {
          const flipped = cells.slice();
          flipped[i] = 1 - was;
          // Towards hidden, whichever way the flip went.
          return (compactness(flipped) - loss) * (was === 1 ? -1 : 1);
        });
        const mean = changes.reduce((sum, v) => sum + v, 0) / 49;
        compactGradient(cells, 'flip').forEach((value, i) => {
          expect(value).to.be.closeTo(changes[i]! - mean, 1e-12);
        });
      }
    });

    it('following "flip" gathers the hidden cells; following the derivative does not', () => {
      /** Mean loss of 12 cells after 200 steps along the straight-through gradient, over 8 starts. */
      const after = (form: 'relu' | 'flip'): number => {
        let total = 0;
        for (let seed = 0; seed < 8; seed++) {
          const rng = new CounterRng(seed, 'test/heat');
          const heat = Float64Array.from({ length: 49 }, () => rng.next());
          for (let step = 0; step < 200; step++) {
            const { mask, tau } = smallestMask(heat, 12);
            const gradient = compactGradient(
              mask.map((kept) => 1 - kept),
              form,
            );
            heat.forEach((h, i) => {
              const e = Math.exp(-Math.abs(h - tau));
              heat[i] = h + (0.3 * gradient[i]! * e) / (1 + e) ** 2;
            });
          }
          total += compactness(smallestMask(heat, 12).mask.map((kept) => 1 - kept)) / 8;
        }
        return total;
      };
      // Random masks have 9.81 on average, the best one 4.5 (docs/spec.md 3.4).
      expect(after('flip')).to.be.below(6);
      expect(after('relu')).to.be.above(8.5);
    });
  });
});
