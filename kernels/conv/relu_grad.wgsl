// Gradient before a fused ReLU: g = dy where y > 0, else 0, over storage order.
//   dy, y, g: f32[n]
// One element per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> g: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  g[i] = select(0.0, dy[i], y[i] > 0.0);
}
