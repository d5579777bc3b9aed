// y[r][k] = x[index[r]][k]; zero where the index is not a row of x.
//   x: f32[M][K], index: u32[R] (i32 read as u32: negative is out of range), y: f32[R][K]
// One element of y per invocation. Deterministic.
// Op: src/nn/ops/layout.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params { n: u32, rows: u32, k: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let row = index[i / params.k];
  if (row < params.rows) {
    y[i] = x[row * params.k + i % params.k];
  } else {
    y[i] = 0.0;
  }
}
