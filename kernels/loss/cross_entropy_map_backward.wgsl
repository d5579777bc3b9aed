// dX[n, k, p] = g * (softmax(x[n, :, p])[k] - [k == label]), 0 where the label is ignored and in pad
// lanes; g = dY, with MEAN divided by max(1, number of pixels that count).
//   x: f32[N][Q][HW][4], dX: vec4f[N][Q][HW] (c4 of K channels), labels: u32[N * HW],
//   stats: f32[2] (sum, count), dY: f32[1]
// One pixel per invocation; K is a constant, so that a pixel's scores stay in registers, and pixels
// that do not count (most, as a rule) only write zeros. A binding begins `base` elements before its
// first pixel. Deterministic.
// Op: src/nn/ops/map-loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"
#define K 2

struct Params { pixels: u32, hw: u32, ignore_label: u32, x_base: u32, label_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dX: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

const classes = ${K}u;
const quads = (classes + 3u) / 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = linear_index(gid, groups, 64u);
  if (pixel >= params.pixels) { return; }
  let label = labels[params.label_base + pixel];
  let counts = label != params.ignore_label && label < classes;
  let start = params.x_base / 4u + (pixel / params.hw) * quads * params.hw + pixel % params.hw;
  var slope: array<vec4f, quads>;
  if (counts) {
    var power: array<f32, classes>;
    for (var k = 0u; k < classes; k++) { power[k] = x[4u * (start + (k / 4u) * params.hw) + (k & 3u)]; }
    var top = power[0];
    for (var k = 1u; k < classes; k++) { top = max(top, power[k]); }
    var total = 0.0;
    for (var k = 0u; k < classes; k++) {
      power[k] = exp(power[k] - top);
      total += power[k];
    }
    var g = dY[0];
#if MEAN
    g /= max(1.0, stats[1]);
#endif
    let scale = g / total;
    for (var k = 0u; k < classes; k++) {
      slope[k / 4u][k & 3u] = scale * power[k] - select(0.0, g, k == label);
    }
  }
  for (var q = 0u; q < quads; q++) { dX[start + q * params.hw] = slope[q]; }
}
