// y[n, c, p] = x[c]: the gradient of a sum over pixels; pad lanes zero.
//   x: f32[C], y: f32[n] (c4 storage from element `start` on)
// One element per invocation. Deterministic.
// Op: src/nn/ops/reduce.ts · twin: src/nn/twins/reduce.ts · cases: test/nn/ops/cases/reduce.ts
#include "grid.wgsl"
#include "c4.wgsl"

struct Params { n: u32, start: u32, hw: u32, quads: u32, channels: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let c = c4_channel(params.start + i, params.hw, params.quads);
  if (c < params.channels) {
    y[i] = x[c];
  } else {
    y[i] = 0.0;
  }
}
