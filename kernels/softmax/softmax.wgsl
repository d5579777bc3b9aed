// y[m][k] = exp(x[m][k] - max_j x[m][j]) / sum_j exp(x[m][j] - max_j x[m][j]).
//   x, y: f32[M][K]
// One row per invocation. Deterministic.
// Op: src/nn/ops/softmax.ts · twin: src/nn/twins/softmax.ts · cases: test/nn/ops/cases/softmax.ts
#include "grid.wgsl"

struct Params { rows: u32, k: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.rows) { return; }
  let first = i * params.k;
  let last = first + params.k;
  var top = x[first];
  for (var j = first + 1u; j < last; j++) { top = max(top, x[j]); }
  var total = 0.0;
  for (var j = first; j < last; j++) { total += exp(x[j] - top); }
  for (var j = first; j < last; j++) { y[j] = exp(x[j] - top) / total; }
}
