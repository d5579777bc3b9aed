// dX = factor * dY * w * (sigmoid(x) - t); see bce.wgsl.
//   x, goal, dX: f32[n], weights: f32[n] (with WEIGHTED), dY: f32[1]
// One element per invocation. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"
#include "logistic.wgsl"

struct Params { n: u32, factor: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
#if WEIGHTED
@group(0) @binding(2) var<storage, read> weights: array<f32>;
#endif
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dX: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  var g = params.factor * dY[0];
#if WEIGHTED
  g *= weights[i];
#endif
  dX[i] = g * (logistic(x[i]) - goal[i]);
}
