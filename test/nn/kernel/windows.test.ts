import { expect } from 'chai';
import fc from 'fast-check';
import {
  bind,
  elementWindows,
  mapWindows,
  windowsOf,
  type Window,
} from '../../../src/nn/kernel/windows.js';
import { quads } from '../../../src/nn/tensor/shape.js';
import { covers } from '../../helpers/windows.js';

const MiB = 2 ** 20;
const buffer = {} as GPUBuffer;

const ranges = (windows: readonly Window[]): [number, number][] =>
  windows.map(({ start, count }) => [start, start + count]);

describe('windows', () => {
  it('are one where everything fits, and none of nothing', () => {
    expect(windowsOf(16, { unitBytes: 1024, limit: 16384 })).to.deep.equal([
      { start: 0, count: 16 },
    ]);
    expect(windowsOf(0, { unitBytes: 1024, limit: 16384 })).to.deep.equal([]);
    expect(windowsOf(3, { unitBytes: 0, limit: 1024 })).to.deep.equal([{ start: 0, count: 3 }]);
  });

  it('cover every unit once, within the limit of every tensor, at multiples of step and panel', () => {
    const rules = fc.record({
      unitBytes: fc.array(
        fc.nat(2000).map((n) => 4 * n),
        { minLength: 1, maxLength: 3 },
      ),
      limit: fc.constantFrom(64 * 1024, 100_000, MiB),
      most: fc.constantFrom(64, 1000, Infinity),
      step: fc.constantFrom(1, 2, 4),
      panel: fc.constantFrom(1, 4, 8),
    });
    fc.assert(
      fc.property(fc.nat(5000), rules, (count, r) => {
        const windows = windowsOf(count, r);
        expect(covers(windows, count)).to.equal(true);
        for (const w of windows) {
          expect(w.count).to.be.at.most(r.most);
          expect(w.start % r.step).to.equal(0);
          if ((windows[0] as Window).count >= r.panel) expect(w.start % r.panel).to.equal(0);
          for (const unitBytes of r.unitBytes) {
            const { offset, size, base } = bind(buffer, unitBytes, w);
            expect(offset % 256).to.equal(0);
            expect(offset + 4 * base).to.equal(w.start * unitBytes);
            expect(size).to.equal(Math.max(16, 4 * base + w.count * unitBytes));
            expect(size).to.be.at.most(r.limit);
          }
        }
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it('are as large as the bindings of VGG16 allow', () => {
    const planes = (side: number, panel?: number): [number, number][] =>
      ranges(
        windowsOf(16, {
          unitBytes: side * side * 16,
          limit: 128 * MiB,
          ...(panel ? { panel } : {}),
        }),
      );
    // conv1 at 1024: exactly 256 MiB, two windows of the default binding size.
    expect(planes(1024)).to.deep.equal([
      [0, 8],
      [8, 16],
    ]);
    // The same at 901 x 901: planes of an odd size, and windows of whole panels of 8 quads.
    expect(planes(901)).to.deep.equal([
      [0, 10],
      [10, 16],
    ]);
    expect(planes(901, 8)).to.deep.equal([
      [0, 8],
      [8, 16],
    ]);
  });

  it('say when a binding cannot hold one unit, or one step of them', () => {
    const planes = { unitBytes: 1024, limit: 512, unit: 'plane of a map' };
    expect(() => windowsOf(2, planes)).to.throw(/one plane of a map of 1024 bytes.*512.*Fix:/s);
    expect(() => windowsOf(40, { unitBytes: 15 * 17 * 16, limit: 4200 })).to.throw(
      /cannot be bound/,
    );
    const rows = { unitBytes: 91 * 4, limit: 4096, step: 64, unit: 'row' };
    expect(() => windowsOf(100, rows)).to.throw(/64 rows of 23296 bytes/);
  });

  it('of elements begin where their bindings do', () => {
    expect(elementWindows(0, 1024)).to.deep.equal([]);
    expect(elementWindows(1000, 4000)).to.deep.equal([{ start: 0, count: 1000 }]);
    expect(ranges(elementWindows(600, 1100))).to.deep.equal([
      [0, 256],
      [256, 512],
      [512, 600],
    ]);
    for (const w of elementWindows(1001, 1000)) expect(bind(buffer, 4, w).base).to.equal(0);
  });

  it('of maps are the map, images, or quads of one image, each plane once', () => {
    const size = fc.integer({ min: 1, max: 40 });
    const shape = fc.tuple(fc.integer({ min: 1, max: 9 }), size, size, size);
    const rules = fc.record({
      limit: fc.constantFrom(32 * 1024, 128 * 1024, MiB),
      panel: fc.constantFrom(1, 8),
      apart: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, rules, ([n, c, h, w], r) => {
        const all = quads(c);
        const seen = new Set<number>();
        for (const part of mapWindows({ buffer, shape: [n, c, h, w] }, r)) {
          const { imageFrom, imageCount, quadFrom, quadCount, offset, base, size: bytes } = part;
          const planes = imageCount * quadCount;
          expect(bytes).to.be.at.most(r.limit);
          expect(offset + 4 * base).to.equal((imageFrom * all + quadFrom) * h * w * 16);
          expect(bytes).to.equal(Math.max(16, 4 * base + planes * h * w * 16));
          expect(imageCount === 1 || quadCount === all, 'planes in one piece').to.equal(true);
          if (r.apart) expect(imageCount).to.equal(1);
          for (let i = 0; i < planes; i++) seen.add(imageFrom * all + quadFrom + i);
        }
        expect([...seen].sort((a, b) => a - b)).to.deep.equal(
          Array.from({ length: n * all }, (_, i) => i),
        );
      }),
      { numRuns: 300, seed: 6 },
    );
    const large = { buffer, shape: [1, 4, 64, 64] };
    expect(() => mapWindows(large, { limit: 4096 })).to.throw(/one plane of a map/);
  });
});
