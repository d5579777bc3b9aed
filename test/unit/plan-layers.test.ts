import { expect } from 'chai';
import fc from 'fast-check';
import {
  convFlops,
  planConv,
  type ConvCapabilities,
  type ConvPlan,
  type ConvShape,
} from '../../src/nn/ops/conv/plan.js';
import { inputGradientTaps } from '../../src/nn/ops/conv/tile-taps.js';
import {
  planLinear,
  type LinearCapabilities,
  type LinearShape,
} from '../../src/nn/ops/linear-plan.js';
import {
  planMapSource,
  planPool,
  planRoiPool,
  planSoftmax,
  planUpsample,
  type MapCapabilities,
  type PlaneWindow,
} from '../../src/nn/ops/map-plan.js';
import {
  planTile,
  tileBytes,
  tileGrid,
  tileShapes,
  tileThreads,
  type TileLimits,
} from '../../src/nn/ops/tile-plan.js';
import { convShapeOf } from '../../src/nn/tune/candidates.js';

const MiB = 2 ** 20;
const passes = ['forward', 'inputGradient', 'weightGradient'] as const;

type Row = [n: number, c: number, h: number, w: number, o: number, kernel: number];

/** A convolution that keeps the size (but for the stride). */
function conv([n, c, h, w, o, k]: Row, stride = 1, dilation = 1): ConvShape {
  const pad = (dilation * (k - 1)) / 2;
  return convShapeOf({ n, c, h, w, o, kh: k, kw: k, stride, pad, dilation });
}

/** Every convolution of `lite` on n images of h x w. */
function lite(n: number, h: number, w: number, rois: number): ConvShape[] {
  const at = (d: number): [number, number] => [Math.ceil(h / d), Math.ceil(w / d)];
  const [s2, s4, s8, s16, s32] = [at(2), at(4), at(8), at(16), at(32)];
  const levels = [s8, s16, s32];
  return [
    conv([n, 3, h, w, 16, 3], 2),
    conv([n, 16, ...s2, 32, 3], 2),
    conv([n, 32, ...s4, 64, 3], 2),
    conv([n, 64, ...s8, 64, 3]),
    conv([n, 64, ...s8, 96, 3], 2),
    conv([n, 96, ...s16, 96, 3]),
    conv([n, 96, ...s16, 96, 3], 2),
    conv([n, 96, ...s32, 96, 3]),
    conv([n, 96, ...s32, 64, 1]),
    conv([n, 96, ...s16, 64, 1]),
    conv([n, 64, ...s8, 64, 1]),
    ...levels.flatMap((s) => [
      conv([n, 64, ...s, 32, 3]),
      conv([n, 32, ...s, 6, 1]),
      conv([n, 32, ...s, 12, 1]),
    ]),
    conv([n, 64, ...s8, 32, 3], 1, 2),
    conv([n, 32, ...s8, 32, 3], 1, 2),
    conv([n, 32, ...s8, 2, 1]),
    conv([rois, 64, 7, 7, 64, 3]),
    conv([rois, 64, 7, 7, 1, 1]),
  ];
}

/** Every convolution of `paper`: VGG16, the RPN, the segmentation branch, the mask generator. */
function paper(h: number, w: number, rois: number): ConvShape[] {
  const blocks = [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ] as const;
  const layers: ConvShape[] = [];
  let [channels, y, x] = [3, h, w];
  for (const [width, convs] of blocks) {
    for (let i = 0; i < convs; i++) {
      layers.push(conv([1, channels, y, x, width, 3]));
      channels = width;
    }
    if (width !== 512 || layers.length < 11) [y, x] = [Math.ceil(y / 2), Math.ceil(x / 2)];
  }
  layers.push(conv([1, 512, y, x, 512, 3]), conv([1, 512, y, x, 24, 1]));
  layers.push(conv([1, 512, y, x, 256, 3], 1, 2), conv([1, 256, y, x, 2, 1]));
  layers.push(conv([rois, 512, 7, 7, 256, 3]), conv([rois, 256, 7, 7, 256, 3]));
  return layers;
}

const allConvs = [
  ...lite(1, 480, 640, 128),
  ...lite(4, 384, 384, 256),
  ...paper(512, 512, 128),
  ...paper(600, 1024, 300),
];

/** The linear layers of both presets in detection and training. */
const allLinears: LinearShape[] = [
  [128, 3136, 160],
  [256, 3136, 160],
  [128, 160, 96],
  [128, 96, 2],
  [128, 96, 8],
  [128, 25088, 4096],
  [300, 25088, 4096],
  [128, 4096, 4096],
  [128, 4096, 2],
  [128, 4096, 8],
].map(([r = 0, i = 0, o = 0]) => ({ r, i, o }));

const gpuTile: TileLimits = { workgroupBytes: 32768, invocations: 1024, bindingLimit: 2048 * MiB };

/** One row per kind of adapter, as measured or as WebGPU's defaults are. */
const adapters: Record<string, ConvCapabilities> = {
  lavapipe: {
    kind: 'lavapipe',
    lanes: 8,
    maxTextureSide: 16384,
    maxTextureLayers: 2048,
    tile: { ...gpuTile, bindingLimit: 128 * MiB },
    bindingLimit: 128 * MiB,
  },
  swiftshader: {
    kind: 'swiftshader',
    lanes: 4,
    maxTextureSide: 8192,
    maxTextureLayers: 2048,
    tile: { workgroupBytes: 32768, invocations: 256, bindingLimit: 1024 * MiB },
    bindingLimit: 1024 * MiB,
  },
  gpu: {
    kind: 'gpu',
    lanes: 0,
    maxTextureSide: 16384,
    maxTextureLayers: 2048,
    tile: gpuTile,
    bindingLimit: 2048 * MiB,
  },
  'gpu with lanes': {
    kind: 'gpu',
    lanes: 8,
    maxTextureSide: 16384,
    maxTextureLayers: 2048,
    tile: gpuTile,
    bindingLimit: 2048 * MiB,
  },
  'unknown with the default limits': {
    kind: 'unknown',
    lanes: 0,
    maxTextureSide: 8192,
    maxTextureLayers: 256,
    tile: { workgroupBytes: 16384, invocations: 256, bindingLimit: 128 * MiB },
    bindingLimit: 128 * MiB,
  },
  'small: 1 MiB bindings, 2048 textures, 64 invocations': {
    kind: 'unknown',
    lanes: 0,
    maxTextureSide: 2048,
    maxTextureLayers: 256,
    tile: { workgroupBytes: 16384, invocations: 64, bindingLimit: MiB },
    bindingLimit: MiB,
  },
  'lavapipe without storage textures': {
    kind: 'lavapipe',
    lanes: 0,
    maxTextureSide: 16384,
    maxTextureLayers: 2048,
    tile: { ...gpuTile, bindingLimit: 128 * MiB },
    bindingLimit: 128 * MiB,
  },
};

/** The part of an adapter's row that linear layers ask for. */
function linearCaps({ kind, lanes, maxTextureSide, tile }: ConvCapabilities): LinearCapabilities {
  return { lanes, maxTextureSide, ...(kind ? { kind } : {}), ...(tile ? { tile } : {}) };
}

/** What must hold of every convolution plan. */
function checkConv(s: ConvShape, caps: ConvCapabilities, plan: ConvPlan): void {
  expect(plan.reason).to.not.equal('');
  const lanes = passes.filter((p) => plan[p] !== 'naive' && plan[p] !== 'tile');
  if (lanes.length > 0) {
    expect(caps.lanes).to.be.greaterThan(0);
    for (const [rows, width, channels] of [
      [s.n * s.h, s.w, s.c],
      [s.n * s.oh, s.ow, s.o],
    ] as const) {
      expect(Math.max(rows, width)).to.be.at.most(caps.maxTextureSide);
      expect(Math.ceil(channels / 4)).to.be.at.most(caps.maxTextureLayers);
    }
  }
  for (const pass of passes) {
    if (plan[pass].startsWith('winograd')) {
      expect([s.kh, s.kw, s.stride, s.dilation]).to.deep.equal([3, 3, 1, 1]);
    }
    if (plan[pass] !== 'tile') continue;
    const tile = plan.tiles?.[pass];
    expect(tile, pass).to.not.equal(undefined);
    expect(tile?.workgroupBytes).to.be.at.most(caps.tile?.workgroupBytes ?? 0);
    expect(tile?.threads).to.be.at.most(caps.tile?.invocations ?? 0);
    expect(tile?.partBytes).to.be.at.most(caps.bindingLimit ?? Infinity);
  }
}

describe('plans of every layer', () => {
  for (const [name, caps] of Object.entries(adapters)) {
    it(`convolutions, ${name}`, () => {
      for (const s of allConvs) {
        const plan = planConv(s, caps);
        checkConv(s, caps, plan);
        const wantsTiles = caps.lanes === 0 || caps.kind === 'gpu' || caps.kind === 'unknown';
        const weights = 64 * Math.ceil(s.c / 4) * Math.ceil(s.o / 4) * s.kh * s.kw;
        if (convFlops(s) < 2e5) expect(plan.forward).to.equal('naive');
        else if (weights > (caps.bindingLimit ?? Infinity)) {
          expect(plan.forward).to.equal('naive');
          expect(plan.reason).to.match(/weights exceed a binding/);
        } else if (wantsTiles) for (const p of passes) expect(plan[p]).to.equal('tile');
        else expect(['direct', 'winograd4', 'tile']).to.include(plan.forward);
      }
    });

    it(`linear layers, ${name}`, () => {
      for (const s of allLinears) {
        const plan = planLinear(s, linearCaps(caps));
        const wantsTiles = caps.lanes === 0 || caps.kind === 'gpu' || caps.kind === 'unknown';
        const isSmall = 2 * s.r * s.i * s.o < (wantsTiles ? 2e5 : 2e6);
        if (isSmall) expect(plan.forward).to.equal('naive');
        else if (wantsTiles) expect(plan.forward).to.equal('tile');
        else expect(plan.forward).to.equal(s.o % 4 === 0 ? 'lanes' : 'naive');
        for (const pass of passes) {
          const tile = plan.tiles?.[pass];
          if (!tile) continue;
          expect(tile.workgroupBytes).to.be.at.most(caps.tile?.workgroupBytes ?? 0);
          expect(tile.threads).to.be.at.most(caps.tile?.invocations ?? 0);
        }
      }
    });
  }

  it('splits the sums of small maps and of long weight gradients on a GPU', () => {
    const gpu = adapters['gpu'] as ConvCapabilities;
    const large = planConv(conv([1, 256, 128, 128, 256, 3]), gpu);
    expect(large.tiles?.forward.tile).to.include({ v: 64, s: 64, regV: 8, regS: 8 });
    expect(large.tiles?.forward.splits).to.equal(1);
    const small = planConv(conv([1, 512, 32, 32, 512, 3]), gpu);
    expect(small.tiles?.forward.splits).to.be.greaterThan(1);
    const software = { ...gpu, tile: { ...gpuTile, isSoftware: true } };
    const plain = planConv(conv([1, 256, 128, 128, 256, 3]), software);
    expect(plain.tiles?.forward.tile.regV).to.equal(4);
    // conv1_2 at 512: 262144 terms; no more than 8192 in one float32 sum.
    const first = planConv(conv([1, 64, 512, 512, 64, 3]), gpu);
    expect(first.tiles?.weightGradient.kSplit).to.be.at.most(8192);
  });

  it('the precision decides which Winograd is allowed', () => {
    const caps = adapters['lavapipe'] as ConvCapabilities;
    const s = conv([1, 64, 128, 128, 64, 3]);
    expect(planConv(s, caps).forward).to.equal('winograd4');
    expect(planConv(s, { ...caps, precision: 'fast' }).weightGradient).to.equal('winograd4');
    expect(planConv(s, { ...caps, precision: 'high' })).to.include({
      forward: 'winograd2',
      inputGradient: 'winograd2',
      weightGradient: 'winograd2',
    });
    for (const pass of passes) {
      expect(planConv(s, { ...caps, precision: 'exact' })[pass]).to.equal('direct');
    }
  });

  it('obeys measured choices where they are possible and precise enough', () => {
    const caps = adapters['lavapipe'] as ConvCapabilities;
    const s = conv([1, 64, 128, 128, 64, 3]);
    const tuned = { forward: { algorithm: 'direct' }, weightGradient: { algorithm: 'winograd2' } };
    const plan = planConv(s, { ...caps, tuned });
    expect(plan).to.include({
      forward: 'direct',
      inputGradient: 'winograd4',
      weightGradient: 'winograd2',
    });
    expect(plan.reason).to.match(/measured/);
    expect(planConv(s, { ...caps, tuned, precision: 'exact' }).weightGradient).to.equal('direct');
    const strided = conv([1, 64, 128, 128, 64, 3], 2);
    const wino = { forward: { algorithm: 'winograd4' } };
    expect(planConv(strided, { ...caps, tuned: wino }).forward).to.equal('direct');
    const gpu = adapters['gpu'] as ConvCapabilities;
    const tile = { forward: { algorithm: 'tile', tile: 3 } };
    expect(planConv(s, { ...gpu, tuned: tile }).tuned).to.deep.equal({ forward: 3 });
    // 256 invocations, which this adapter has not.
    const small = { ...gpu, tile: { ...gpuTile, invocations: 64 } };
    expect(planConv(s, { ...small, tuned: tile }).tuned).to.equal(undefined);
    // Neither unknown algorithms nor a forced one are overruled.
    const odd = { forward: { algorithm: 'warp' } };
    expect(planConv(s, { ...caps, tuned: odd }).forward).to.equal('winograd4');
    expect(planConv(s, { ...caps, tuned, force: 'winograd4' }).forward).to.equal('winograd4');
    const head = { r: 128, i: 160, o: 96 };
    const naive = { forward: { algorithm: 'naive' } };
    expect(planLinear(head, { ...linearCaps(caps), tuned: naive })).to.include({
      forward: 'naive',
      inputGradient: 'lanes',
    });
  });
});

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

/** Whether windows follow each other from 0 to count without a gap. */
function covers(windows: readonly PlaneWindow[], count: number): boolean {
  let at = 0;
  for (const w of windows) {
    if (w.first !== at || w.count < 1) return false;
    at += w.count;
  }
  return at === count;
}

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

  it('cut RoIs, maps and rows into windows that fit and cover everything once', () => {
    const size = fc.integer({ min: 1, max: 64 });
    const map = fc.record({ n: fc.integer({ min: 0, max: 9 }), c: size, h: size, w: size });
    const limit = fc.constantFrom(MiB, 128 * MiB, 2048 * MiB);
    fc.assert(
      fc.property(map, limit, fc.integer({ min: 0, max: 2000 }), (s, bindingLimit, rois) => {
        const caps = { ...mapCaps, bindingLimit };
        const planes = s.n * Math.ceil(s.c / 4);
        const roi = planRoiPool({ ...s, rois, size: 7 }, caps);
        expect(covers(roi.windows, rois)).to.equal(true);
        const pooled = { ...s, oh: Math.ceil(s.h / 2), ow: Math.ceil(s.w / 2) };
        const pool = planPool(pooled, caps);
        expect(covers(pool.windows, planes)).to.equal(true);
        const up = planUpsample({ ...s, oh: s.h * 2, ow: s.w * 2 }, caps);
        expect(covers(up.windows, planes)).to.equal(true);
        const rows = planSoftmax({ rows: rois * 100, k: s.c }, caps);
        expect(covers(rows.windows, rois * 100)).to.equal(true);
        for (const plan of [roi, pool, up, rows]) expect(plan.bytes).to.be.at.most(bindingLimit);
        // Rows begin at multiples of 256 bytes.
        for (const w of rows.windows) expect((w.first * s.c * 4) % 256).to.equal(0);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('say when not even one unit fits', () => {
    const low = { ...mapCaps, bindingLimit: 4096 };
    expect(() => planPool({ ...features, oh: 19, ow: 32 }, low)).to.throw(/one plane of a map/);
    expect(() => planRoiPool({ ...features, rois: 2, size: 7 }, low)).to.throw(/pooled RoIs/);
    expect(() => planSoftmax({ rows: 100, k: 91 }, low)).to.throw(/64 rows of 91/);
    expect(planUpsample({ ...features, oh: 64, ow: 64 }, mapCaps, 'buffer').source).to.equal(
      'buffer',
    );
  });
});
