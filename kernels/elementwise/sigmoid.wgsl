// y = 1 / (1 + exp(-x)), elementwise over storage order.
//   x, y: f32[n]
// With C4 the arrays are c4 storage, of which this dispatch sees the elements from `start` on, and
// the pad lanes stay zero.
// One element per invocation. Deterministic.
// Op: src/nn/ops/elementwise.ts · twin: src/nn/twins/elementwise.ts · cases: test/nn/ops/cases/elementwise.ts
#include "grid.wgsl"
#include "c4.wgsl"
#include "logistic.wgsl"

struct Params { n: u32, start: u32, hw: u32, quads: u32, channels: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
#if C4
  if (c4_channel(params.start + i, params.hw, params.quads) >= params.channels) {
    y[i] = 0.0;
    return;
  }
#endif
  y[i] = logistic(x[i]);
}
