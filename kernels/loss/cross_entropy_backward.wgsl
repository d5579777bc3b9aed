// dX[m][k] = g * w[m] * (softmax(x[m])[k] - [k == label]), 0 where the label is ignored; g = dY, with
// MEAN divided by max(1, number of rows that count).
//   x, dX: f32[M][K], labels: i32[M], weights: f32[M] (with WEIGHTED), stats: f32[2] (sum, count), dY: f32[1]
// One row per invocation. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"

struct Params { rows: u32, k: u32, ignore_label: i32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
#if WEIGHTED
@group(0) @binding(2) var<storage, read> weights: array<f32>;
#endif
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read> dY: array<f32>;
@group(0) @binding(5) var<storage, read_write> dX: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.rows) { return; }
  let label = labels[i];
  let first = i * params.k;
  let last = first + params.k;
  if (label == params.ignore_label || label < 0 || label >= i32(params.k)) {
    for (var j = first; j < last; j++) { dX[j] = 0.0; }
    return;
  }
  var top = x[first];
  for (var j = first + 1u; j < last; j++) { top = max(top, x[j]); }
  var total = 0.0;
  for (var j = first; j < last; j++) { total += exp(x[j] - top); }
  var g = dY[0];
#if MEAN
  g /= max(1.0, stats[1]);
#endif
#if WEIGHTED
  g *= weights[i];
#endif
  let scale = g / total;
  for (var j = first; j < last; j++) {
    let hit = select(0.0, g, j == first + u32(label));
    dX[j] = scale * exp(x[j] - top) - hit;
  }
}
