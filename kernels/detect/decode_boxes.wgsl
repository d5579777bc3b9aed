// Inverse box code (docs/spec.md 1.6). With ew = x2 - x1 + extent (eh alike) of the source box:
//   cx = dx*std_x*ew + x1 + ew/2;  w = exp(min(dw*std_w, cap)) * ew;  result cx - w/2 .. cx + w/2
// (no "- extent" on x2, y2: py-faster-rcnn's habit, kept). CLIP 1 then limits x to 0..limit_x and
// y to 0..limit_y.
//   source, delta: f32[R][4];  y: f32[R][4];  n counts numbers, 4 per box
// One box per invocation. Deterministic.
#define CLIP 0
#include "grid.wgsl"

struct Params {
  n: u32,
  extent: f32,
  cap: f32,
  limit_x: f32,
  limit_y: f32,
  std_x: f32,
  std_y: f32,
  std_w: f32,
  std_h: f32,
}

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read> delta: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u) * 4u;
  if (i >= params.n) { return; }
  let corner = vec2f(source[i], source[i + 1u]);
  let size = vec2f(source[i + 2u], source[i + 3u]) - corner + params.extent;
  let shift = vec2f(delta[i], delta[i + 1u]) * vec2f(params.std_x, params.std_y);
  let grow = min(vec2f(delta[i + 2u], delta[i + 3u]) * vec2f(params.std_w, params.std_h), vec2f(params.cap));
  let centre = shift * size + corner + 0.5 * size;
  let half = 0.5 * exp(grow) * size;
  var low = centre - half;
  var high = centre + half;
#if CLIP == 1
  let limit = vec2f(params.limit_x, params.limit_y);
  low = clamp(low, vec2f(0.0), limit);
  high = clamp(high, vec2f(0.0), limit);
#endif
  y[i] = low.x;
  y[i + 1u] = low.y;
  y[i + 2u] = high.x;
  y[i + 3u] = high.y;
}
