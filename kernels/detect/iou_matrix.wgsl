// Intersection over union of every box of a with every box of b (docs/spec.md 1.6), 0 where they part.
//   a: f32[A][4];  b: f32[B][4];  y: f32[A][B], `start` is the place of y[0] in the whole
// One pair per invocation. Deterministic.
#include "grid.wgsl"
#include "boxes.wgsl"

struct Params { n: u32, start: u32, cols: u32, extent: f32 }

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let p = ((params.start + i) / params.cols) * 4u;
  let q = ((params.start + i) % params.cols) * 4u;
  let box_a = vec4f(a[p], a[p + 1u], a[p + 2u], a[p + 3u]);
  let box_b = vec4f(b[q], b[q + 1u], b[q + 2u], b[q + 3u]);
  let overlap = box_overlap(box_a, box_b, params.extent);
  var iou = 0.0;
  if (overlap > 0.0) {
    iou = overlap / (box_area(box_a, params.extent) + box_area(box_b, params.extent) - overlap);
  }
  y[i] = iou;
}
