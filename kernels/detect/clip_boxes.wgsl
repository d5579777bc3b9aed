// Limits box coordinates to the image (docs/spec.md 1.6): x to 0..limit_x, y to 0..limit_y.
//   x, y: f32[R][4];  n counts numbers, 4 per box
// One coordinate per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, limit_x: f32, limit_y: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  y[i] = clamp(x[i], 0.0, select(params.limit_x, params.limit_y, (i & 1u) == 1u));
}
