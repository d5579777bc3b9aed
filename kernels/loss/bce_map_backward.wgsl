// Gradient of loss/bce_map: dX = g * w * (sigmoid(x_k) - t_k) where the label is known, 0 elsewhere and in pad
// lanes; g = dY, with MEAN divided by max(1, Σ w).
// Op: src/nn/ops/map-loss.ts · twin: src/nn/twins/bce-map.ts · cases: test/nn/ops/cases/bce-map.ts
//   x, dX: vec4f[N][HW] (c4 of K <= 4 classes), labels: u32[N * HW], stats: f32[2] (sum, Σ w), dY: f32[1]
// One pixel per invocation. A binding begins `base` elements before its first pixel. Deterministic.
#include "grid.wgsl"
#include "logistic.wgsl"
#define K 2

struct Params { pixels: u32, rare: u32, rare_weight: f32, x_base: u32, label_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dX: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = linear_index(gid, groups, 64u);
  if (pixel >= params.pixels) { return; }
  let label = labels[params.label_base + pixel];
  var g = dY[0] * select(1.0, params.rare_weight, label == params.rare);
#if MEAN
  g /= max(1.0, stats[1]);
#endif
  var slope = vec4f();
  for (var k = 0u; k < ${K}u; k++) {
    let known = (label >> (2u * k)) & 3u;
    if (known > 1u) { continue; }
    slope[k] = g * (logistic(x[params.x_base + pixel * 4u + k]) - f32(known));
  }
  dX[params.x_base / 4u + pixel] = slope;
}
