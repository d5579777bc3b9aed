// Bilinear upsampling, half-pixel centres, edge clamp, cropped top-left (docs/spec.md 4.3):
// source coordinate s = clamp((o + 0.5) / scale - 0.5, 0, n - 1) on each axis.
//   x: f32 [plane][h][w][4], y: f32 [plane][oh][ow][4]
// One scalar per invocation. Deterministic.
// Op: src/nn/ops/upsample.ts · twin: src/nn/twins/upsample.ts · cases: test/nn/ops/cases/upsample.ts

struct Params { h: u32, w: u32, oh: u32, ow: u32, x_base: u32, y_base: u32, inverse: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let lane = gid.x & 3u;
  let ox = gid.x >> 2u;
  let oy = gid.y;
  if (ox >= params.ow || oy >= params.oh) { return; }
  let sy = clamp((f32(oy) + 0.5) * params.inverse - 0.5, 0.0, f32(params.h - 1u));
  let sx = clamp((f32(ox) + 0.5) * params.inverse - 0.5, 0.0, f32(params.w - 1u));
  let top = u32(sy);
  let left = u32(sx);
  let fy = sy - f32(top);
  let fx = sx - f32(left);
  let plane = params.x_base + gid.z * params.h * params.w * 4u + lane;
  let row0 = plane + top * params.w * 4u;
  let row1 = plane + min(top + 1u, params.h - 1u) * params.w * 4u;
  let column0 = left * 4u;
  let column1 = min(left + 1u, params.w - 1u) * 4u;
  let high = mix(x[row0 + column0], x[row0 + column1], fx);
  let low = mix(x[row1 + column0], x[row1 + column1], fx);
  y[params.y_base + ((gid.z * params.oh + oy) * params.ow + ox) * 4u + lane] = mix(high, low, fy);
}
