// dPred = dY * outside * inside * f'(d), f'(d) = sigma^2 d where |d| < 1 / sigma^2, else sign(d).
//   pred, goal, inside, outside, dPred: f32[n], dY: f32[1]; see smooth_l1.wgsl
// One element per invocation. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"

struct Params { n: u32, sigma2: f32 }

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> inside: array<f32>;
@group(0) @binding(3) var<storage, read> outside: array<f32>;
@group(0) @binding(4) var<storage, read> dY: array<f32>;
@group(0) @binding(5) var<storage, read_write> dPred: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let w = inside[i];
  let d = w * (pred[i] - goal[i]);
  let slope = select(sign(d), params.sigma2 * d, abs(d) * params.sigma2 < 1.0);
  dPred[i] = dY[0] * outside[i] * w * slope;
}
