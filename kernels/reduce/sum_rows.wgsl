// y[chunk][o] = sum of x[r][o] over the 64 rows r of the chunk, in ascending order.
//   x: f32[rows][columns], y: f32[ceil(rows / 64)][columns]; x_base: elements before x's first row
// One partial sum per invocation; repeated until one row is left. Deterministic.
// Op: src/nn/ops/reduce.ts · twin: src/nn/twins/reduce.ts · cases: test/nn/ops/cases/reduce.ts
#include "grid.wgsl"

struct Params { rows: u32, columns: u32, n: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let o = i % params.columns;
  let first = (i / params.columns) * 64u;
  let last = min(first + 64u, params.rows);
  var total = 0.0;
  for (var r = first; r < last; r++) {
    total += x[params.x_base + r * params.columns + o];
  }
  y[params.y_base + i] = total;
}
