// y = x in c4 order, pad lanes zero.
//   x: f32[N][C][HW], y: vec4f[N][Q][HW] (c4)
//   x_base (f32), y_base (vec4f): elements before the first plane in the bindings
// One pixel and channel quad per invocation. Deterministic.
// Op: src/nn/ops/layout.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params { n: u32, hw: u32, channels: u32, quads: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let p = i % params.hw;
  let plane = i / params.hw;
  let q = plane % params.quads;
  let b = plane / params.quads;
  var v = vec4f();
  for (var l = 0u; l < 4u; l++) {
    let c = q * 4u + l;
    if (c < params.channels) {
      v[l] = x[params.x_base + (b * params.channels + c) * params.hw + p];
    }
  }
  y[params.y_base + i] = v;
}
