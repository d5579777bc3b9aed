// The first k of a random choice (see random_keys.wgsl): index[i] = order[i] while candidates last,
// then 0xffffffff; count[0] = number of chosen elements (the host has set it to 0).
//   keys, order: u32[padded];  index: u32[k];  count: u32[1]
// One element per invocation; the last chosen one writes the count. Deterministic.
#include "grid.wgsl"

struct Params { k: u32, padded: u32 }

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read_write> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> count: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.k) { return; }
  if (keys[i] >= 0x80000000u) {
    index[i] = 0xffffffffu;
    return;
  }
  index[i] = order[i];
  var is_last = i + 1u == min(params.k, params.padded);
  if (!is_last) { is_last = keys[i + 1u] >= 0x80000000u; }
  if (is_last) { count[0] = i + 1u; }
}
