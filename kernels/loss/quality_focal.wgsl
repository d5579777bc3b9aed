// Quality focal loss (Li et al. 2020, eq. 4) of two-class rows: with m = x[1] - x[0], p = sigmoid(m) and a goal
// t in [0, 1], y = |t - p|^beta * (max(m, 0) - m t + log(1 + exp(-|m|))); rows of a negative goal give 0.
// Op: src/nn/ops/box-loss.ts · twin: src/nn/twins/quality-focal.ts · cases: test/nn/ops/cases/quality-focal.ts
//   x: f32[n][2] (background, face), goal, y: f32[n]
// One row per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, beta: f32 }

@group(0) @binding(0) var<storage, read> x: array<vec2f>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let t = goal[i];
  if (t < 0.0) {
    y[i] = 0.0;
    return;
  }
  let m = x[i].y - x[i].x;
  let e = exp(-abs(m));
  // log(1 + e) without the loss of digits of small e.
  let tail = select(log(1.0 + e), e * (1.0 - 0.5 * e), e < 1e-3);
  let p = select(e, 1.0, m >= 0.0) / (1.0 + e);
  y[i] = pow(abs(t - p), params.beta) * (max(m, 0.0) - m * t + tail);
}
