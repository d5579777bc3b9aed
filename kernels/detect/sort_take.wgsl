// The first k of a sorted order with their scores: index[i] = order[i], value[i] = x[order[i]].
//   x: f32[n];  order: u32[>= k];  index: u32[k];  value: f32[k]
// One element per invocation. Deterministic.
#include "grid.wgsl"

struct Params { k: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read_write> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> value: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.k) { return; }
  index[i] = order[i];
  value[i] = x[order[i]];
}
