// Nearest upsampling by 2, cropped top-left: y(oy, ox) = x(oy / 2, ox / 2).
//   x: vec4f [plane][h][w], y: vec4f [plane][oh][ow], oh <= 2h, ow <= 2w
// One channel quad of one input pixel per invocation, which writes its up to 2x2 outputs: one
// load for four stores (vector stores are cheap on software adapters). Deterministic.
// Op: src/nn/ops/upsample.ts · twin: src/nn/twins/upsample.ts · cases: test/nn/ops/cases/upsample.ts

struct Params { h: u32, w: u32, oh: u32, ow: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let ix = gid.x;
  let iy = gid.y;
  if (2u * ix >= params.ow || 2u * iy >= params.oh) { return; }
  let v = x[params.x_base / 4u + (gid.z * params.h + iy) * params.w + ix];
  let at = params.y_base / 4u + (gid.z * params.oh + 2u * iy) * params.ow + 2u * ix;
  let hasRight = 2u * ix + 1u < params.ow;
  y[at] = v;
  if (hasRight) { y[at + 1u] = v; }
  if (2u * iy + 1u < params.oh) {
    y[at + params.ow] = v;
    if (hasRight) { y[at + params.ow + 1u] = v; }
  }
}
