// Softmax cross-entropy of each row: stats[m] = (w[m] * (logsumexp(x[m]) - x[m][label]), 1), and
// (0, 0) where the label is `ignore` or no class.
//   x: f32[M][K], labels: i32[M], weights: f32[M] (with WEIGHTED), stats: f32[M][2]
// One row per invocation. Deterministic.
// Op: src/nn/ops/loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"

struct Params { rows: u32, k: u32, ignore_label: i32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
#if WEIGHTED
@group(0) @binding(2) var<storage, read> weights: array<f32>;
#endif
@group(0) @binding(3) var<storage, read_write> stats: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.rows) { return; }
  let label = labels[i];
  if (label == params.ignore_label || label < 0 || label >= i32(params.k)) {
    stats[2u * i] = 0.0;
    stats[2u * i + 1u] = 0.0;
    return;
  }
  let first = i * params.k;
  let last = first + params.k;
  var top = x[first];
  for (var j = first + 1u; j < last; j++) { top = max(top, x[j]); }
  var total = 0.0;
  for (var j = first; j < last; j++) { total += exp(x[j] - top); }
  var loss = top - x[first + u32(label)] + log(total);
#if WEIGHTED
  loss *= weights[i];
#endif
  stats[2u * i] = loss;
  stats[2u * i + 1u] = 1.0;
}
