// Sums the parts of lane_conv_dw over splits, in order, into the weight's own layout.
//   part: f32 [split][co padded][row_stride], column ((ci/4)*taps + t)*4 + ci%4;  dw: f32 (O, I, KH*KW)
// One weight per invocation. Deterministic.
// Op: src/nn/ops/conv/lanes.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "grid.wgsl"

struct Params { channels_out: u32, channels_in: u32, taps: u32, row_stride: u32, split_stride: u32, splits: u32 }

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.channels_out * params.channels_in * params.taps) { return; }
  let t = i % params.taps;
  let ci = (i / params.taps) % params.channels_in;
  let co = i / (params.taps * params.channels_in);
  var at = co * params.row_stride + ((ci / 4u) * params.taps + t) * 4u + ci % 4u;
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) {
    sum += part[at];
    at += params.split_stride;
  }
  dw[i] = sum;
}
