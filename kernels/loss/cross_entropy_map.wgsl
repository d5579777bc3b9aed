// Softmax cross-entropy of each pixel, summed over 16 pixels: stats[i] = (sum of
// logsumexp(x[p]) - x[p][label], number of pixels that count). Pixels whose label is `ignore` or no
// class do not count.
//   x: f32[N][Q][HW][4] (c4 of K channels), labels: u32[N * HW], stats: f32[n][2]
// Invocation i takes the pixels (i / 64) * 1024 + j * 64 + i % 64, j < 16. K is a constant, so that
// a pixel's scores stay in registers. A binding begins `base` elements before its first pixel.
// Deterministic.
// Op: src/nn/ops/map-loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"
#include "strided.wgsl"
#define K 2

struct Params {
  n: u32, pixels: u32, hw: u32, ignore_label: u32, x_base: u32, label_base: u32, stat_base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> stats: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const classes = ${K}u;
const quads = (classes + 3u) / 4u;

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
    if (label == params.ignore_label || label >= classes) { continue; }
    let start = params.x_base + ((pixel / params.hw) * quads * params.hw + pixel % params.hw) * 4u;
    var score: array<f32, classes>;
    for (var k = 0u; k < classes; k++) { score[k] = x[start + (k / 4u) * params.hw * 4u + (k & 3u)]; }
    var top = score[0];
    for (var k = 1u; k < classes; k++) { top = max(top, score[k]); }
    var total = 0.0;
    var chosen = 0.0;
    for (var k = 0u; k < classes; k++) {
      total += exp(score[k] - top);
      chosen = select(chosen, score[k], k == label);
    }
    sum += top - chosen + log(total);
    count += 1.0;
  }
  stats[params.stat_base + 2u * i] = sum;
  stats[params.stat_base + 2u * i + 1u] = count;
}
