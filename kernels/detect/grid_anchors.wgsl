// Anchors of a whole feature map (docs/spec.md 1.4): row (y*width + x)*A + a is base[a] shifted by
// stride * (x, y, x, y).
//   base: f32[A][4];  y: f32[H*W*A][4], `start` is the place of y[0] in the whole
// One coordinate per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, start: u32, anchors: u32, width: u32, stride: f32 }

@group(0) @binding(0) var<storage, read> base: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let at = params.start + i;
  let row = at / 4u;
  let cell = row / params.anchors;
  let shift = select(cell % params.width, cell / params.width, (at & 1u) == 1u);
  y[i] = base[(row % params.anchors) * 4u + (at & 3u)] + f32(shift) * params.stride;
}
