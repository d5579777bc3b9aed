// Gradient of loss/cover_dice for one image: with s = sigmoid(x), p = s_0 (1 - s_1) and g = dY * dLoss/dp,
// dX_0 = g p (1 - s_0), dX_1 = -g p s_1; 0 where t is unknown and in pad lanes.
// Op: src/nn/ops/cover-dice.ts · twin: src/nn/twins/cover-dice.ts · cases: test/nn/ops/cases/cover-dice.ts
//   x, dX: vec4f[pixels] (c4 of 2 channels), labels: u32[pixels], slopes: f32[images][2], dY: f32[1]
// One pixel per invocation. A binding begins `base` elements before its first pixel. Deterministic.
#include "grid.wgsl"
#include "cover.wgsl"
#include "logistic.wgsl"

struct Params { pixels: u32, image: u32, x_base: u32, label_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> slopes: array<f32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dX: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = linear_index(gid, groups, 64u);
  if (pixel >= params.pixels) { return; }
  var slope = vec4f();
  let goal = cover_goal(labels[params.label_base + pixel]);
  if (goal >= 0.0) {
    let at = params.x_base + pixel * 4u;
    let outside = logistic(-x[at]);
    let second = logistic(x[at + 1u]);
    let p = logistic(x[at]) * logistic(-x[at + 1u]);
    let g = dY[0] * (slopes[2u * params.image] + slopes[2u * params.image + 1u] * goal);
    slope = vec4f(g * p * outside, -g * p * second, 0.0, 0.0);
  }
  dX[params.x_base / 4u + pixel] = slope;
}
