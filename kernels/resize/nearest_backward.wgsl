// Gradient of nearest upsampling by 2: dX(iy, ix) = sum of dY over its 2x2 outputs, as far as
// they were not cropped.
//   dY: f32 [plane][oh][ow][4], dX: f32 [plane][h][w][4]
// One scalar of dX per invocation. Deterministic.
// Op: src/nn/ops/upsample.ts · twin: src/nn/twins/upsample.ts · cases: test/nn/ops/cases/upsample.ts

struct Params { h: u32, w: u32, oh: u32, ow: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> dY: array<f32>;
@group(0) @binding(1) var<storage, read_write> dX: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let lane = gid.x & 3u;
  let ix = gid.x >> 2u;
  let iy = gid.y;
  if (ix >= params.w || iy >= params.h) { return; }
  var sum = 0.0;
  for (var oy = 2u * iy; oy < min(2u * iy + 2u, params.oh); oy++) {
    for (var ox = 2u * ix; ox < min(2u * ix + 2u, params.ow); ox++) {
      sum += dY[params.y_base + ((gid.z * params.oh + oy) * params.ow + ox) * 4u + lane];
    }
  }
  dX[params.x_base + ((gid.z * params.h + iy) * params.w + ix) * 4u + lane] = sum;
}
