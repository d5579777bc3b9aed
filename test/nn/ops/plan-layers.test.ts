import { expect } from 'chai';
import {
  convFlops,
  planConv,
  type ConvCapabilities,
  type ConvPlan,
  type ConvShape,
} from '../../../src/nn/ops/conv/plan.js';
import {
  planLinear,
  type LinearCapabilities,
  type LinearShape,
} from '../../../src/nn/ops/linear/plan.js';
import type { TileLimits } from '../../../src/nn/ops/tile-plan.js';
import { vggConvs, type ConvRow } from './vgg-convs.js';
import { convShapeOf } from '../../../src/nn/ops/tuning/candidates.js';

const MiB = 2 ** 20;
const passes = ['forward', 'inputGradient', 'weightGradient'] as const;

/** A convolution that keeps the size (but for the stride). */
function conv([n, c, h, w, o, k]: ConvRow, stride = 1, dilation = 1): ConvShape {
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
  const backbone = vggConvs(h, w);
  const [, , y, x] = backbone.at(-1)!;
  const layers = backbone.map((row) => conv(row));
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
        else expect(['lanes', 'winograd4', 'tile']).to.include(plan.forward);
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
      expect(planConv(s, { ...caps, precision: 'exact' })[pass]).to.equal('lanes');
    }
  });

  it('obeys measured choices where they are possible and precise enough', () => {
    const caps = adapters['lavapipe'] as ConvCapabilities;
    const s = conv([1, 64, 128, 128, 64, 3]);
    const tuned = { forward: { algorithm: 'lanes' }, weightGradient: { algorithm: 'winograd2' } };
    const plan = planConv(s, { ...caps, tuned });
    expect(plan).to.include({
      forward: 'lanes',
      inputGradient: 'winograd4',
      weightGradient: 'winograd2',
    });
    expect(plan.reason).to.match(/measured/);
    expect(planConv(s, { ...caps, tuned, precision: 'exact' }).weightGradient).to.equal('lanes');
    const strided = conv([1, 64, 128, 128, 64, 3], 2);
    const wino = { forward: { algorithm: 'winograd4' } };
    expect(planConv(strided, { ...caps, tuned: wino }).forward).to.equal('lanes');
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
