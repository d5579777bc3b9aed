// dX[m][k] = y[m][k] * (dY[m][k] - sum_j dY[m][j] * y[m][j]).
//   y, dY, dX: f32[M][K]
// One row per invocation. Deterministic.
// Op: src/nn/ops/softmax.ts · twin: src/nn/twins/softmax.ts · cases: test/nn/ops/cases/softmax.ts
#include "grid.wgsl"

struct Params { rows: u32, k: u32 }

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read_write> dX: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.rows) { return; }
  let first = i * params.k;
  let last = first + params.k;
  var dot = 0.0;
  for (var j = first; j < last; j++) { dot += dY[j] * y[j]; }
  for (var j = first; j < last; j++) { dX[j] = y[j] * (dY[j] - dot); }
}
