// Bias gradient of a linear layer: db[c] = sum over r of g[r][c].
//   g: f32[rows][cols];  db: f32[cols]
// One column per invocation, rows in blocks of 64. Deterministic.
// Op: src/nn/ops/linear/linear.ts · twin: src/nn/twins/linear.ts · cases: test/nn/ops/cases/linear.ts
#include "grid.wgsl"

struct Params { rows: u32, cols: u32 }

@group(0) @binding(0) var<storage, read> g: array<f32>;
@group(0) @binding(1) var<storage, read_write> db: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = linear_index(gid, groups, 64u);
  if (c >= params.cols) { return; }
  var total = 0.0;
  for (var start = 0u; start < params.rows; start += 64u) {
    var block = 0.0;
    for (var r = start; r < min(start + 64u, params.rows); r++) { block += g[r * params.cols + c]; }
    total += block;
  }
  db[c] = total;
}
