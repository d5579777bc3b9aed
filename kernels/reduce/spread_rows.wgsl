// y[r][o] = x[o]: the gradient of a sum over rows.
//   x: f32[columns], y: f32[n]; start: place of y[0] in the whole tensor
// One element per invocation. Deterministic.
// Op: src/nn/ops/reduce.ts · twin: src/nn/twins/reduce.ts · cases: test/nn/ops/cases/reduce.ts
#include "grid.wgsl"

struct Params { n: u32, columns: u32, start: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  y[i] = x[(params.start + i) % params.columns];
}
