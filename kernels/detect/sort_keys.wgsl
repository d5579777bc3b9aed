// Sort keys: unsigned numbers whose ascending order is the descending order of the scores. Equal
// scores tie (also -0 and +0), NaN comes last, padding behind it.
//   x: f32[n] as bits;  keys, order: u32[padded]
// One element per invocation. Deterministic.
#include "grid.wgsl"

struct Params { n: u32, padded: u32 }

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> order: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

fn descending_key(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  if (magnitude == 0u) { return 0x7fffffffu; }
  return select(~(bits | 0x80000000u), bits, bits >= 0x80000000u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.padded) { return; }
  order[i] = i;
  if (i < params.n) { keys[i] = descending_key(x[i]); } else { keys[i] = 0xffffffffu; }
}
