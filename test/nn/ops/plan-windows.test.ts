import { expect } from 'chai';
import fc from 'fast-check';
import { inputGradientTaps } from '../../../src/nn/ops/conv/tile-plan.js';
import {
  planMapSource,
  planRoiPool,
  planUpsample,
  type MapCapabilities,
} from '../../../src/nn/ops/map-plan.js';
import {
  planTile,
  tileBytes,
  tileGrid,
  tileShapes,
  tileThreads,
} from '../../../src/nn/ops/tile-plan.js';
import { convShapeOf } from '../../../src/nn/ops/tuning/candidates.js';
import { covers } from '../../helpers/windows.js';

const MiB = 2 ** 20;

const limitsArbitrary = fc.record({
  workgroupBytes: fc.constantFrom(4096, 8192, 16384, 32768, 65536),
  invocations: fc.constantFrom(16, 32, 64, 128, 256, 1024),
  bindingLimit: fc.constantFrom(MiB, 16 * MiB, 128 * MiB, 2048 * MiB),
});

describe('tile plans', () => {
  it('have shapes that the kernels can carry', () => {
    for (const t of tileShapes) {
      const threads = tileThreads(t);
      expect((t.v * t.k) / 4 / threads, 'vec4 of v per invocation').to.satisfy(Number.isInteger);
      expect((t.s * t.k) / 4 / threads, 'vec4 of s per invocation').to.satisfy(Number.isInteger);
      // tile_conv: an invocation has one pixel; tile_conv_dw: one term.
      expect(threads % t.s, 'pixels').to.equal(0);
      expect(threads % t.k, 'terms').to.equal(0);
      expect([t.regV % 4, t.regS % 4, t.k % 4]).to.deep.equal([0, 0, 0]);
      expect(tileBytes(t)).to.be.at.most(32768);
    }
    // WebGPU's least limits run more than the smallest tile.
    const basic = tileShapes.filter((t) => tileBytes(t) <= 16384 && tileThreads(t) <= 256);
    expect(basic.length).to.be.greaterThan(3);
  });

  it('never exceed the limits and cover each result and each term once', () => {
    const problem = fc.record({
      v: fc.integer({ min: 1, max: 5000 }),
      s: fc.integer({ min: 1, max: 300000 }),
      k: fc.integer({ min: 1, max: 300000 }),
      layers: fc.integer({ min: 1, max: 36 }),
      longestSum: fc.constantFrom(8192, undefined),
      canSplit: fc.boolean(),
    });
    fc.assert(
      fc.property(problem, limitsArbitrary, (p, limits) => {
        const { longestSum, ...rest } = p;
        const plan = planTile({ ...rest, ...(longestSum ? { longestSum } : {}) }, limits);
        if (plan === null) {
          expect(
            tileShapes.every(
              (t) => tileBytes(t) > limits.workgroupBytes || tileThreads(t) > limits.invocations,
            ),
          ).to.equal(true);
          return;
        }
        expect(plan.workgroupBytes).to.be.at.most(limits.workgroupBytes);
        expect(plan.threads).to.be.at.most(limits.invocations);
        expect(plan.partBytes).to.be.at.most(limits.bindingLimit);
        // The tiles cover v x s, none is beyond.
        expect(plan.vTiles).to.equal(Math.ceil(p.v / plan.tile.v));
        expect(plan.sTiles).to.equal(Math.ceil(p.s / plan.tile.s));
        // The splits partition the terms: each begins where the last ended, none is empty.
        expect(plan.kSplit % plan.tile.k).to.equal(0);
        expect((plan.splits - 1) * plan.kSplit).to.be.lessThan(p.k);
        expect(plan.splits * plan.kSplit).to.be.at.least(p.k);
        if (!p.canSplit) expect(plan.splits).to.equal(1);
        const grid = tileGrid(plan.vTiles * plan.sTiles, plan.splits * p.layers);
        expect(Math.max(...grid)).to.be.at.most(65535);
        expect(grid[0] * grid[1]).to.be.at.least(plan.vTiles * plan.sTiles);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('gradient taps: each weight reaches each input pixel exactly once', () => {
    const geometry = fc.record({
      kh: fc.integer({ min: 1, max: 9 }),
      kw: fc.integer({ min: 1, max: 9 }),
      stride: fc.integer({ min: 1, max: 5 }),
      dilation: fc.integer({ min: 1, max: 5 }),
      pad: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(geometry, (g) => {
        const s = convShapeOf({ n: 1, c: 1, h: 40, w: 40, o: 1, ...g });
        const seen = new Set<string>();
        for (let ry = 0; ry < g.stride; ry++) {
          for (let rx = 0; rx < g.stride; rx++) {
            const t = inputGradientTaps(s, ry, rx);
            for (let i = 0; i < t.rows; i++) {
              for (let j = 0; j < t.cols; j++) {
                const [ky, kx] = [t.firstY + i * t.indexY, t.firstX + j * t.indexX];
                const [oy, ox] = [t.dy + i * t.stepY, t.dx + j * t.stepX];
                // Output (oy, ox) of input pixel (ry, rx) through weight (ky, kx).
                expect(oy * g.stride).to.equal(ry + g.pad - ky * g.dilation);
                expect(ox * g.stride).to.equal(rx + g.pad - kx * g.dilation);
                seen.add(`${ry} ${rx} ${ky} ${kx}`);
              }
            }
          }
        }
        let expected = 0;
        for (let ry = 0; ry < g.stride; ry++) {
          for (let rx = 0; rx < g.stride; rx++) {
            for (let ky = 0; ky < g.kh; ky++) {
              for (let kx = 0; kx < g.kw; kx++) {
                const isWhole =
                  (ry + g.pad - ky * g.dilation) % g.stride === 0 &&
                  (rx + g.pad - kx * g.dilation) % g.stride === 0;
                if (isWhole) expected++;
              }
            }
          }
        }
        expect(seen.size).to.equal(expected);
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

const mapCaps: MapCapabilities = {
  kind: 'lavapipe',
  readsStorageTextures: true,
  maxTextureSide: 16384,
  maxTextureLayers: 2048,
  bindingLimit: 128 * MiB,
};

describe('plans of map operations', () => {
  const features = { n: 1, c: 512, h: 38, w: 64 };

  it('read texture mirrors on lavapipe alone, where they fit', () => {
    expect(planMapSource(features, mapCaps).source).to.equal('texture');
    for (const kind of ['swiftshader', 'gpu', 'unknown'] as const) {
      expect(planMapSource(features, { ...mapCaps, kind }).source).to.equal('buffer');
    }
    const blind = { ...mapCaps, readsStorageTextures: false };
    expect(planMapSource(features, blind).source).to.equal('buffer');
    expect(planMapSource({ ...features, h: 20000 }, mapCaps).source).to.equal('buffer');
    expect(planMapSource({ ...features, c: 9000 }, mapCaps).source).to.equal('buffer');
    expect(planMapSource({ ...features, n: 0 }, mapCaps).source).to.equal('buffer');
    expect(planMapSource(features, mapCaps).reason).to.not.equal('');
  });

  it('cut RoIs and maps into windows that fit and cover everything once', () => {
    const size = fc.integer({ min: 1, max: 64 });
    const map = fc.record({ n: fc.integer({ min: 0, max: 9 }), c: size, h: size, w: size });
    const limit = fc.constantFrom(MiB, 128 * MiB, 2048 * MiB);
    fc.assert(
      fc.property(map, limit, fc.integer({ min: 0, max: 2000 }), (s, bindingLimit, rois) => {
        const caps = { ...mapCaps, bindingLimit };
        const planes = Math.ceil(s.c / 4);
        const roi = planRoiPool({ ...s, rois, size: 7 }, caps);
        expect(covers(roi.windows, rois)).to.equal(true);
        for (const w of roi.windows) expect(w.count * planes * 49 * 16).to.be.at.most(bindingLimit);
        const up = planUpsample({ ...s, oh: s.h * 2, ow: s.w * 2 }, caps);
        expect(covers(up.windows, s.n * planes)).to.equal(true);
        for (const w of up.windows) expect(w.count * s.h * s.w * 64).to.be.at.most(bindingLimit);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('say when not even one unit fits', () => {
    const low = { ...mapCaps, bindingLimit: 4096 };
    const up = { ...features, oh: 76, ow: 128 };
    expect(() => planUpsample(up, low)).to.throw(/one plane of a map/);
    expect(() => planRoiPool({ ...features, rois: 2, size: 7 }, low)).to.throw(/pooled RoI/);
    expect(planUpsample({ ...features, oh: 64, ow: 64 }, mapCaps, 'buffer').source).to.equal(
      'buffer',
    );
  });
});
