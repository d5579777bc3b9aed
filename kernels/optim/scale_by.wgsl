// In place: x = factor[offset] x, with the factor computed on the device.
//   x: f32 [n], read and written; factor: f32 [any]
// One element per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, offset: u32 }

@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> factor: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  x[i] = factor[params.offset] * x[i];
}
