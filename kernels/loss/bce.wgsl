// Binary cross-entropy of sigmoid(x) with goal t, per element:
// y = w * (max(x, 0) - x * t + log(1 + exp(-|x|))).
//   x, goal, y: f32[n], weights: f32[n] (with WEIGHTED)
// One element per invocation. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
#if WEIGHTED
@group(0) @binding(2) var<storage, read> weights: array<f32>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let v = x[i];
  let e = exp(-abs(v));
  // log(1 + e) without the loss of digits of small e.
  let tail = select(log(1.0 + e), e * (1.0 - 0.5 * e), e < 1e-3);
  var loss = max(v, 0.0) - v * goal[i] + tail;
#if WEIGHTED
  loss *= weights[i];
#endif
  y[i] = loss;
}
