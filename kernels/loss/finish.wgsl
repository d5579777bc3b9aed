// y = stats[0], with MEAN divided by max(1, stats[1]).
//   stats: f32[2] (sum, count), y: f32[1]
// One invocation. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> stats: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
#if MEAN
  y[0] = stats[0] / max(1.0, stats[1]);
#else
  y[0] = stats[0];
#endif
}
