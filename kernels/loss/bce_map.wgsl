// Binary cross-entropy of the classes of each pixel against packed labels, summed over 16 pixels:
// stats[i] = (Σ w BCE(sigmoid(x_k), t_k), Σ w) over pixels and classes whose label is known.
// Op: src/nn/ops/map-loss.ts · twin: src/nn/twins/bce-map.ts · cases: test/nn/ops/cases/bce-map.ts
// A label holds two bits a class, class 0 lowest: 0 or 1 is the goal, 2 and 3 mean unknown. A pixel whose
// whole label is `rare` weighs rare_weight, any other 1.
//   x: vec4f[N][HW] (c4 of K <= 4 classes), labels: u32[N * HW], stats: f32[n][2]
// Invocation i takes the pixels (i / 64) * 1024 + j * 64 + i % 64, j < 16. A binding begins `base` elements
// before its first pixel. Deterministic.
#include "grid.wgsl"
#include "strided.wgsl"
#define K 2

struct Params {
  n: u32, pixels: u32, rare: u32, rare_weight: f32, x_base: u32, label_base: u32, stat_base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> stats: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  var sum = 0.0;
  var count = 0.0;
  for (var j = 0u; j < 16u; j++) {
    let pixel = strided_element(i, j);
    if (pixel >= params.pixels) { break; }
    let label = labels[params.label_base + pixel];
    let weight = select(1.0, params.rare_weight, label == params.rare);
    for (var k = 0u; k < ${K}u; k++) {
      let known = (label >> (2u * k)) & 3u;
      if (known > 1u) { continue; }
      let v = x[params.x_base + pixel * 4u + k];
      let e = exp(-abs(v));
      // log(1 + e) without the loss of digits of small e.
      let tail = select(log(1.0 + e), e * (1.0 - 0.5 * e), e < 1e-3);
      sum += weight * (max(v, 0.0) - v * f32(known) + tail);
      count += weight;
    }
  }
  stats[params.stat_base + 2u * i] = sum;
  stats[params.stat_base + 2u * i + 1u] = count;
}
