// dX[index[r]][k] += dY[r][k] over r in ascending order; dX comes in as zeros.
//   index: u32[R], dY: f32[R][K], dX: f32[M][K]
// One column k per invocation, which owns it: no atomics, fixed order. Deterministic.
// Op: src/nn/ops/layout.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params { n: u32, rows: u32, k: u32, picked: u32 }

@group(0) @binding(0) var<storage, read> index: array<u32>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read_write> dX: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.k) { return; }
  for (var r = 0u; r < params.picked; r++) {
    let row = index[r];
    if (row < params.rows) {
      dX[row * params.k + i] += dY[r * params.k + i];
    }
  }
}
