// Sort keys of a random choice: a marked element gets 31 random bits, which depend on (seed, stream,
// its index) only; unmarked elements come behind all marked ones, padding last.
//   marks: u32[n], 0 = not a candidate;  keys, order: u32[padded]
// One element per invocation. Deterministic.
#include "grid.wgsl"
#include "random.wgsl"

struct Params { n: u32, padded: u32, seed: u32, stream: u32 }

@group(0) @binding(0) var<storage, read> marks: array<u32>;
@group(0) @binding(1) var<storage, read_write> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> order: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.padded) { return; }
  order[i] = i;
  var key = 0xffffffffu;
  if (i < params.n) {
    key = 0x80000000u;
    if (marks[i] != 0u) { key = random_u32(params.seed, params.stream, i, 0u) >> 1u; }
  }
  keys[i] = key;
}
