// Moving average in place: shadow = keep shadow + take w.
//   shadow: f32 [n], read and written; w: f32 [n]
// One element per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, keep: f32, take: f32 }

@group(0) @binding(0) var<storage, read_write> shadow: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  shadow[i] = params.keep * shadow[i] + params.take * w[i];
}
