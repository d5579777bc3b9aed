// Gradient of loss/quality_focal: with d = p - t and L the cross-entropy,
// dm = factor * dY * |d|^(beta - 1) * (beta * sign(d) * p (1 - p) * L + |d| * d), dX = (-dm, dm).
// Op: src/nn/ops/box-loss.ts · twin: src/nn/twins/quality-focal.ts · cases: test/nn/ops/cases/quality-focal.ts
//   x, dX: f32[n][2], goal: f32[n], dY: f32[1]
// One row per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, beta: f32, factor: f32 }

@group(0) @binding(0) var<storage, read> x: array<vec2f>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> dY: array<f32>;
@group(0) @binding(3) var<storage, read_write> dX: array<vec2f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let t = goal[i];
  if (t < 0.0) {
    dX[i] = vec2f();
    return;
  }
  let m = x[i].y - x[i].x;
  let e = exp(-abs(m));
  let tail = select(log(1.0 + e), e * (1.0 - 0.5 * e), e < 1e-3);
  let p = select(e, 1.0, m >= 0.0) / (1.0 + e);
  let d = p - t;
  let entropy = max(m, 0.0) - m * t + tail;
  // p (1 - p) without cancellation.
  let slope = e / ((1.0 + e) * (1.0 + e));
  let g = params.factor * dY[0] * pow(abs(d), params.beta - 1.0)
        * (params.beta * sign(d) * slope * entropy + abs(d) * d);
  dX[i] = vec2f(-g, g);
}
