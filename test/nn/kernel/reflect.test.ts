import { expect } from 'chai';
import { grid1d } from '../../../src/nn/kernel/dispatch.js';
import { packParams, reflect } from '../../../src/nn/kernel/reflect.js';

const kernel = (params: string): string => `
struct Params { ${params} }
@group(0) @binding(0) var<uniform> params: Params;
`;

const offsets = (params: string): Record<string, number> =>
  Object.fromEntries(reflect('k', kernel(params)).params.map((p) => [p.name, p.offset]));

describe('kernel reflection', () => {
  it('reads bindings of every kind', () => {
    const { bindings } = reflect(
      'k',
      `
// @group(0) @binding(9) var<storage, read> commented: array<f32>;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var x_map: texture_storage_2d_array<rgba32float, read>;
@group(0) @binding(3) var w_map: texture_storage_2d<rgba32float, write>;
@group(0) @binding(4) var image: texture_2d<f32>;
@group(0) @binding(5) var<uniform> params: Params;
var<workgroup> parts: array<f32, 64>;`,
    );
    expect(bindings.map(({ name, index, kind }) => [name, index, kind])).to.deep.equal([
      ['x', 0, 'read'],
      ['y', 1, 'write'],
      ['x_map', 2, 'storage-texture'],
      ['w_map', 3, 'storage-texture'],
      ['image', 4, 'sampled-texture'],
      ['params', 5, 'uniform'],
    ]);
    expect(bindings[2]).to.include({
      textureFormat: 'rgba32float',
      textureAccess: 'read-only',
      viewDimension: '2d-array',
    });
    expect(bindings[3]).to.include({ textureAccess: 'write-only', viewDimension: '2d' });
  });

  it('places parameters as WGSL does', () => {
    expect(offsets('a: u32, b: i32, c: f32')).to.deep.equal({ a: 0, b: 4, c: 8 });
    expect(offsets('a: u32, b: vec2u, c: u32, d: vec4f, e: u32')).to.deep.equal({
      a: 0,
      b: 8,
      c: 16,
      d: 32,
      e: 48,
    });
    expect(offsets('a: u32, tap: array<vec4i, 3>, b: u32')).to.deep.equal({ a: 0, tap: 16, b: 64 });
    expect(offsets('// first\n a: u32, // second, with comma\n b: u32,')).to.deep.equal({
      a: 0,
      b: 4,
    });
  });

  it('rounds the block to 16 bytes', () => {
    expect(reflect('k', kernel('a: u32')).paramsSize).to.equal(16);
    expect(reflect('k', kernel('a: vec4u, b: u32')).paramsSize).to.equal(32);
    expect(reflect('k', 'fn main() {}').paramsSize).to.equal(0);
  });

  it('writes values by name, as the declared type', () => {
    const { params, paramsSize } = reflect('k', kernel('n: u32, pad: i32, s: f32, v: vec4u'));
    const view = new DataView(new ArrayBuffer(paramsSize + 8));
    packParams('k', params, { v: [1, 2], n: 4294967295, pad: -2, s: 0.5 }, view, 8);
    expect(view.getUint32(8, true)).to.equal(4294967295);
    expect(view.getInt32(12, true)).to.equal(-2);
    expect(view.getFloat32(16, true)).to.equal(0.5);
    expect([0, 1, 2, 3].map((i) => view.getUint32(8 + 16 + 4 * i, true))).to.deep.equal([
      1, 2, 0, 0,
    ]);
  });

  it('refuses unknown, missing and too many values', () => {
    const { params } = reflect('k', kernel('n: u32'));
    const view = new DataView(new ArrayBuffer(16));
    expect(() => packParams('k', params, { n: 1, m: 2 }, view, 0)).to.throw(
      /k has no parameter "m" \(it has n\)/,
    );
    expect(() => packParams('k', params, {}, view, 0)).to.throw(/parameter "n" is missing/);
    expect(() => packParams('k', params, { n: [1, 2] }, view, 0)).to.throw(/takes 1 values, got 2/);
    expect(() => reflect('k', kernel('m: mat4x4f'))).to.throw(/member of type mat4x4f/);
  });
});

describe('grid1d', () => {
  it('folds grids of more than 65535 workgroups', () => {
    expect(grid1d(0)).to.deep.equal([1, 1]);
    expect(grid1d(64)).to.deep.equal([1, 1]);
    expect(grid1d(65)).to.deep.equal([2, 1]);
    expect(grid1d(65535 * 64)).to.deep.equal([65535, 1]);
    for (const count of [65535 * 64 + 1, 65537 * 64, 500_000_000, 2 ** 31 - 1]) {
      const [x, y] = grid1d(count);
      expect(x).to.be.at.most(65535);
      expect(y).to.be.at.most(65535);
      expect(x * y * 64).to.be.at.least(count);
      // Idle workgroups stay few: less than one row.
      expect(x * y * 64 - count).to.be.below(y * 64 + 64);
    }
    expect(grid1d(1000, 256)).to.deep.equal([4, 1]);
  });
});
