// dX[n, k, p] = g * (softmax(x[n, :, p])[k] - [k == label]), 0 where the label is ignored and in pad
// lanes; g = dY, with MEAN divided by max(1, number of pixels that count).
//   x: f32[N][Q][HW][4], dX: vec4f[N][Q][HW] (c4 of K channels), labels: u32[N * HW],
//   stats: f32[2] (sum, count), dY: f32[1]
// One pixel per invocation. Deterministic.
#include "grid.wgsl"

struct Params { pixels: u32, hw: u32, k: u32, quads: u32, ignore_label: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dX: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  let pixel = i;
  if (pixel >= params.pixels) { return; }
  let p = pixel % params.hw;
  let start = ((pixel / params.hw) * params.quads * params.hw + p) * 4u;
  var top = x[start];
  for (var k = 1u; k < params.k; k++) {
    top = max(top, x[start + (k / 4u) * params.hw * 4u + (k & 3u)]);
  }
  var total = 0.0;
  for (var k = 0u; k < params.k; k++) {
    total += exp(x[start + (k / 4u) * params.hw * 4u + (k & 3u)] - top);
  }
  let label = labels[pixel];
  let counts = label != params.ignore_label && label < params.k;
  var g = select(0.0, dY[0], counts);
#if MEAN
  g /= max(1.0, stats[1]);
#endif
  let scale = g / total;
  for (var q = 0u; q < params.quads; q++) {
    let at = start / 4u + q * params.hw;
    var v = vec4f();
    for (var l = 0u; l < 4u; l++) {
      let k = 4u * q + l;
      if (k < params.k && counts) {
        v[l] = scale * exp(x[4u * at + l] - top) - select(0.0, g, k == label);
      }
    }
    dX[at] = v;
  }
}
