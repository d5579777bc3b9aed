// Smooth L1 (CFR smooth_L1_loss_layer.cu): with d = inside * (pred - target), the sum over 16 elements
// of outside * f(d), f(d) = 0.5 (sigma d)^2 where |d| < 1 / sigma^2, else |d| - 0.5 / sigma^2.
//   pred, goal, inside, outside: f32[n], y: f32[m] partial sums; sigma2 = sigma^2
// Invocation i takes the elements (i / 64) * 1024 + j * 64 + i % 64, j < 16. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"
#include "strided.wgsl"

struct Params { n: u32, m: u32, sigma2: f32 }

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> inside: array<f32>;
@group(0) @binding(3) var<storage, read> outside: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.m) { return; }
  var total = 0.0;
  for (var j = 0u; j < 16u; j++) {
    let at = strided_element(i, j);
    if (at >= params.n) { break; }
    let d = inside[at] * (pred[at] - goal[at]);
    let size = abs(d);
    let f = select(size - 0.5 / params.sigma2, 0.5 * params.sigma2 * d * d, size * params.sigma2 < 1.0);
    total += outside[at] * f;
  }
  y[i] = total;
}
