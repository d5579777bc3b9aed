// GIoU loss of coded boxes (Rezatofighi et al. 2019): weight * (1 - GIoU), GIoU = I/U - (C - U)/C, one row
// each. I = intersection, U = union, C = smallest box around both. The box code is relative to a source box,
// and GIoU does not change when an axis is scaled or moved, so the source is taken as centred at 0 with
// sides 1: centre = stds.xy * d.xy, sides = exp(min(stds.zw * d.zw, cap)); no source box is needed.
//   pred, goal: f32[n*4] (dx, dy, dw, dh), divided by std; weight, y: f32[n]; rows of weight 0 give 0.
// One row per invocation. Deterministic.
// Op: src/nn/ops/box-loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"
#include "coded_box.wgsl"

struct Params { n: u32, cap: f32, stds: vec4f }

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let factor = weight[i];
  if (factor == 0.0) {
    y[i] = 0.0;
    return;
  }
  let p = coded_box(vec4f(pred[4u * i], pred[4u * i + 1u], pred[4u * i + 2u], pred[4u * i + 3u]), params.stds, params.cap);
  let g = coded_box(vec4f(goal[4u * i], goal[4u * i + 1u], goal[4u * i + 2u], goal[4u * i + 3u]), params.stds, params.cap);
  let o = overlap_of(p, g);
  y[i] = factor * (2.0 - o.shared_area / o.joint - o.joint / o.hull);
}
