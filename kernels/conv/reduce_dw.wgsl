// Sums the parts of rot_conv_dw over splits, in order, into the weight's own layout.
//   part: f32 [split][tap][co_padded][ci_padded];  dw: f32 (O, I, KH*KW)
// One weight per invocation. Deterministic.
#include "grid.wgsl"

struct Params { channels_out: u32, channels_in: u32, taps: u32, co_padded: u32, ci_padded: u32, splits: u32 }

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.channels_out * params.channels_in * params.taps) { return; }
  let ci = i % params.channels_in;
  let co = (i / params.channels_in) % params.channels_out;
  let t = i / (params.channels_in * params.channels_out);
  let step = params.taps * params.co_padded * params.ci_padded;
  var at = (t * params.co_padded + co) * params.ci_padded + ci;
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) {
    sum += part[at];
    at += step;
  }
  dw[(co * params.channels_in + ci) * params.taps + t] = sum;
}
