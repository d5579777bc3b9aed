// y[n, to_y + c, p] = x[n, from_x + c, p] for c < count; other elements of y stay as they are.
//   x: f32[N][x_quads][HW][4], y: f32[N][y_quads][HW][4] (c4)
// Bindings begin `base` elements before their first plane.
// One element per invocation, n = N * ceil(count / 4) * HW * 4 invocations. Deterministic.
// Op: src/nn/ops/concat-channels.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params {
  n: u32, hw: u32, count: u32, x_quads: u32, y_quads: u32, from_x: u32, to_y: u32, x_base: u32, y_base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let quads = (params.count + 3u) / 4u;
  let p = (i / 4u) % params.hw;
  let plane = i / (4u * params.hw);
  let c = (plane % quads) * 4u + (i & 3u);
  if (c >= params.count) { return; }
  let b = plane / quads;
  let cx = c + params.from_x;
  let cy = c + params.to_y;
  let v = x[params.x_base + ((b * params.x_quads + cx / 4u) * params.hw + p) * 4u + (cx & 3u)];
  y[params.y_base + ((b * params.y_quads + cy / 4u) * params.hw + p) * 4u + (cy & 3u)] = v;
}
