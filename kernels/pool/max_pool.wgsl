// 2x2 max pool, stride 2: y(oy, ox) = max of x over rows 2oy..2oy+1, columns 2ox..2ox+1.
// A window that hangs over the map (ceil mode, odd sizes) is clipped to it.
//   x: f32 [plane][h][w][4], y: f32 [plane][oh][ow][4]; plane = image and channel quad
// One scalar (one channel lane of one window) per invocation. Deterministic.
// Op: src/nn/ops/pool.ts · twin: src/nn/twins/pool.ts · cases: test/nn/ops/cases/pool.ts

struct Params { h: u32, w: u32, oh: u32, ow: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let lane = gid.x & 3u;
  let ox = gid.x >> 2u;
  let oy = gid.y;
  if (ox >= params.ow || oy >= params.oh) { return; }
  let plane = params.x_base + gid.z * params.h * params.w * 4u + lane;
  let top = plane + 2u * oy * params.w * 4u;
  let bottom = plane + min(2u * oy + 1u, params.h - 1u) * params.w * 4u;
  let left = 2u * ox * 4u;
  let right = min(2u * ox + 1u, params.w - 1u) * 4u;
  let high = max(x[top + left], x[top + right]);
  let low = max(x[bottom + left], x[bottom + right]);
  y[params.y_base + ((gid.z * params.oh + oy) * params.ow + ox) * 4u + lane] = max(high, low);
}
