// IoU of coded boxes, as in loss/giou (which says why no source box is needed).
// Op: src/nn/ops/box-loss.ts (codedIou) · twin: src/nn/twins/quality-focal.ts · cases: test/nn/ops/cases/quality-focal.ts
//   pred, goal: f32[n*4] (dx, dy, dw, dh), divided by std; labels: i32[n];
//   y: f32[n]: the IoU where the label is 1, 0 where it is 0, -1 where it is negative
// One row per invocation. Deterministic. No gradient: the IoU is a goal, not an output.
#include "grid.wgsl"
#include "coded_box.wgsl"

struct Params { n: u32, cap: f32, stds: vec4f }

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  if (labels[i] != 1) {
    y[i] = select(0.0, -1.0, labels[i] < 0);
    return;
  }
  let p = coded_box(vec4f(pred[4u * i], pred[4u * i + 1u], pred[4u * i + 2u], pred[4u * i + 3u]), params.stds, params.cap);
  let g = coded_box(vec4f(goal[4u * i], goal[4u * i + 1u], goal[4u * i + 2u], goal[4u * i + 3u]), params.stds, params.cap);
  let o = overlap_of(p, g);
  y[i] = o.shared_area / o.joint;
}
