// y[i] = bits, any 4-byte type; with C4 the pad lanes are zero and `start` is the place of y[0].
//   y: u32[n]
// One element per invocation. Deterministic.
#define C4 0
#include "grid.wgsl"
#include "c4.wgsl"

struct Params { n: u32, start: u32, hw: u32, quads: u32, channels: u32, bits: u32 }

@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
#if C4
  if (c4_channel(params.start + i, params.hw, params.quads) >= params.channels) {
    y[i] = 0u;
    return;
  }
#endif
  y[i] = params.bits;
}
