// y = x in row-major NCHW order.
//   x: f32[N][Q][HW][4] (c4), y: f32[N][C][HW]
//   x_base, y_base: elements before the first plane in the bindings
// One element of y per invocation. Deterministic.
// Op: src/nn/ops/layout.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params { n: u32, hw: u32, channels: u32, quads: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let p = i % params.hw;
  let plane = i / params.hw;
  let c = plane % params.channels;
  let b = plane / params.channels;
  y[params.y_base + i] = x[params.x_base + ((b * params.quads + c / 4u) * params.hw + p) * 4u + (c & 3u)];
}
