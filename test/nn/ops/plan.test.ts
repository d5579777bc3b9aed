import { expect } from 'chai';
import {
  convFlops,
  planConv as fullPlan,
  type ConvCapabilities,
  type ConvShape,
} from '../../../src/nn/ops/conv/plan.js';
import {
  planLinear,
  type LinearCapabilities,
  type LinearShape,
} from '../../../src/nn/ops/linear/plan.js';
import { convEnvironment } from '../../../src/nn/ops/conv/environment.js';
import { vggConvs } from './vgg-convs.js';

const software: ConvCapabilities = { lanes: 4, maxTextureSide: 8192, maxTextureLayers: 2048 };
const wide: ConvCapabilities = { lanes: 8, maxTextureSide: 16384, maxTextureLayers: 2048 };

function conv(
  n: number,
  c: number,
  o: number,
  size: number | [number, number],
  {
    kernel = 3,
    stride = 1,
    dilation = 1,
  }: { kernel?: number; stride?: number; dilation?: number } = {},
): ConvShape {
  const pad = (dilation * (kernel - 1)) / 2;
  const [h, w] = typeof size === 'number' ? [size, size] : size;
  const out = (s: number): number =>
    Math.floor((s + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  return { n, c, h, w, o, kh: kernel, kw: kernel, oh: out(h), ow: out(w), stride, pad, dilation };
}

/** The algorithms of a plan alone. */
function planConv(s: ConvShape, caps: ConvCapabilities): object {
  const { forward, inputGradient, weightGradient } = fullPlan(s, caps);
  return { forward, inputGradient, weightGradient };
}

const all = (algorithm: string): object => ({
  forward: algorithm,
  inputGradient: algorithm,
  weightGradient: algorithm,
});

describe('planConv', () => {
  for (const size of [512, 1024]) {
    it(`uses Winograd for every layer of VGG16 at ${size} but the first`, () => {
      for (const caps of [software, wide]) {
        const layers = vggConvs(size, size).map(([n, c, h, w, o]) => conv(n, c, o, [h, w]));
        const [first, ...others] = layers as [ConvShape, ...ConvShape[]];
        expect(planConv(first, caps)).to.deep.equal(all('lanes'));
        for (const layer of others) expect(planConv(layer, caps)).to.deep.equal(all('winograd4'));
      }
    });
  }

  it('plans the layers of the small network', () => {
    const stem = conv(8, 3, 24, 416, { stride: 2 });
    expect(planConv(stem, software)).to.deep.equal(all('lanes'));
    expect(planConv(conv(8, 32, 32, 104), software)).to.deep.equal(all('winograd4'));
    expect(planConv(conv(8, 64, 96, 52, { stride: 2 }), software)).to.deep.equal(all('lanes'));
    const lateral = conv(8, 96, 64, 52, { kernel: 1 });
    expect(planConv(lateral, software)).to.deep.equal(all('lanes'));
    const dilated = conv(8, 64, 64, 52, { dilation: 2 });
    expect(planConv(dilated, software)).to.deep.equal(all('lanes'));
    // One image, coarsest level: 16 tiles do not fill a lane tile.
    expect(planConv(conv(1, 64, 64, 13), software)).to.deep.equal(all('lanes'));
    // 7x7 maps of 128 RoIs: 512 tiles.
    expect(planConv(conv(128, 512, 256, 7), software)).to.deep.equal(all('winograd4'));
  });

  it('computes few tiles of weight gradient directly', () => {
    const few = conv(1, 64, 64, 24);
    expect(planConv(few, software)).to.deep.equal({
      ...all('winograd4'),
      weightGradient: 'lanes',
    });
  });

  it('keeps small work, tall stacks and adapters without lanes naive', () => {
    expect(planConv(conv(1, 3, 8, 16), software)).to.deep.equal(all('naive'));
    expect(planConv(conv(1, 64, 64, 64), { ...software, lanes: 0 })).to.deep.equal(all('naive'));
    expect(planConv(conv(1200, 64, 64, 7), software)).to.deep.equal(all('naive')); // 8400 rows
    expect(planConv(conv(1, 64, 64, 8200), software)).to.deep.equal(all('naive'));
    const manyTaps = conv(1, 64, 64, 64, { kernel: 9 });
    expect(planConv(manyTaps, software)).to.deep.equal(all('naive'));
  });

  it('falls back to direct where Winograd texture rows would be too long', () => {
    const deep = conv(1, 2050, 64, 64);
    expect(planConv(deep, software)).to.deep.equal(all('lanes')); // 2050 channels x 4 lanes
    expect(planConv(conv(1, 2048, 64, 64), software)).to.deep.equal(all('winograd4'));
  });

  it('computes weight gradients directly that Winograd could not bind', () => {
    const limited = { ...wide, bindingLimit: 128 * 2 ** 20 };
    expect(fullPlan(conv(1, 512, 512, 64), limited).weightGradient).to.equal('winograd4');
    expect(fullPlan(conv(1, 1024, 1024, 64), limited).weightGradient).to.equal('lanes');
  });

  it('obeys a forced algorithm where it is possible', () => {
    const small = conv(1, 3, 8, 16);
    for (const force of ['naive', 'lanes', 'winograd2', 'winograd4'] as const) {
      expect(planConv(small, { ...software, force })).to.deep.equal(all(force));
    }
    const strided = conv(1, 3, 8, 16, { stride: 2 });
    expect(planConv(strided, { ...software, force: 'winograd4' })).to.deep.equal(all('lanes'));
    const noLanes = { ...software, lanes: 0, force: 'lanes' as const };
    expect(planConv(small, noLanes)).to.deep.equal(all('naive'));
  });

  it('reads AOFD_ALGORITHM, also with the name that lanes had', () => {
    const read = (text: string | undefined): string | undefined =>
      convEnvironment({ env: (name) => (name === 'AOFD_ALGORITHM' ? text : undefined) }).algorithm;
    expect(read('lanes')).to.equal('lanes');
    expect(read('direct')).to.equal('lanes');
    expect(read(undefined)).to.equal(undefined);
    expect(() => read('fast')).to.throw(/AOFD_ALGORITHM is "fast".*naive, tile, lanes, winograd2/);
  });

  it('counts operations', () => {
    expect(convFlops(conv(1, 3, 64, 224))).to.equal(2 * 64 * 224 * 224 * 27);
  });
});

const linearPlan = (s: LinearShape, caps: LinearCapabilities): string =>
  planLinear(s, caps).forward;

describe('planLinear', () => {
  it('uses lanes for the heads and the naive kernel for the last layers', () => {
    const caps = { lanes: 4, maxTextureSide: 8192 };
    expect(linearPlan({ r: 128, i: 25088, o: 4096 }, caps)).to.equal('lanes');
    expect(linearPlan({ r: 300, i: 25088, o: 4096 }, caps)).to.equal('lanes');
    expect(linearPlan({ r: 128, i: 4096, o: 4096 }, caps)).to.equal('lanes');
    expect(linearPlan({ r: 128, i: 4096, o: 2 }, caps)).to.equal('naive');
    expect(linearPlan({ r: 128, i: 4096, o: 8 }, caps)).to.equal('lanes');
    expect(linearPlan({ r: 4, i: 64, o: 64 }, caps)).to.equal('naive');
    expect(linearPlan({ r: 128, i: 25088, o: 4096 }, { ...caps, lanes: 0 })).to.equal('naive');
  });

  it('keeps what textures cannot hold naive', () => {
    expect(linearPlan({ r: 9000, i: 256, o: 256 }, { lanes: 4, maxTextureSide: 8192 })).to.equal(
      'naive',
    );
    expect(linearPlan({ r: 128, i: 40000, o: 256 }, { lanes: 4, maxTextureSide: 8192 })).to.equal(
      'naive',
    );
    const huge = { lanes: 4, maxTextureSide: 32768 };
    expect(linearPlan({ r: 128, i: 65536, o: 256 }, huge)).to.equal('lanes');
    expect(linearPlan({ r: 128, i: 65792, o: 256 }, huge)).to.equal('naive');
    expect(linearPlan({ r: 128, i: 65792, o: 256 }, { ...huge, maxTextureLayers: 257 })).to.equal(
      'lanes',
    );
    expect(linearPlan({ r: 2000, i: 256, o: 256 }, { lanes: 8, maxTextureSide: 8192 })).to.equal(
      'naive',
    );
  });
});
