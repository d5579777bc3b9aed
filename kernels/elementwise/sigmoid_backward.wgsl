// dX = dY * y * (1 - y), elementwise over storage order.
//   y: f32[n], the output of sigmoid;  dY, dX: f32[n]
// One element per invocation. Deterministic.
// Op: src/nn/ops/elementwise.ts · twin: src/nn/twins/elementwise.ts · cases: test/nn/ops/cases/elementwise.ts
#include "grid.wgsl"

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read_write> dX: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let v = y[i];
  dX[i] = dY[i] * v * (1.0 - v);
}
