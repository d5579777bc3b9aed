// Bitonic sort, one step with a compare distance above a block (see sort_block.wgsl).
//   keys, order: u32[padded], in place
// One comparison per invocation, pairs = padded / 2. Deterministic.
#include "grid.wgsl"

struct Params { pairs: u32, length: u32, distance: u32 }

@group(0) @binding(0) var<storage, read_write> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> order: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.pairs) { return; }
  let low = 2u * i - (i & (params.distance - 1u));
  let high = low + params.distance;
  let key_a = keys[low];
  let key_b = keys[high];
  let at_a = order[low];
  let at_b = order[high];
  let is_greater = key_a > key_b || (key_a == key_b && at_a > at_b);
  if (is_greater == ((low & params.length) == 0u)) {
    keys[low] = key_b;
    keys[high] = key_a;
    order[low] = at_b;
    order[high] = at_a;
  }
}
