// y[n][c] = sum over p of x[n, c, p]: last stage of the sum over pixels.
//   x: f32[N][Q][HW][4] (c4, few pixels), y: f32[N][C]
// One sum per invocation. Deterministic.
// Op: src/nn/ops/reduce.ts · twin: src/nn/twins/reduce.ts · cases: test/nn/ops/cases/reduce.ts
#include "grid.wgsl"

struct Params { n: u32, hw: u32, channels: u32, quads: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let c = i % params.channels;
  let b = i / params.channels;
  let start = (b * params.quads + c / 4u) * params.hw * 4u + (c & 3u);
  var total = 0.0;
  for (var p = 0u; p < params.hw; p++) {
    total += x[start + 4u * p];
  }
  y[i] = total;
}
