// The second pass of tile_conv_dw: sums the parts over splits, in order, into the weight's own layout.
//   part: f32 [split][co - out_from][col][4], col = ((ci - in_from)/4)*taps + tap;  dw: f32 (O, I, KH*KW)
// Writes the weights between the bound channels; ACCUMULATE 1 adds to what earlier images gave.
// One weight per invocation. Deterministic.
// Op: src/nn/ops/conv/tile.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define ACCUMULATE 0
#include "grid.wgsl"

struct Params { outs: u32, ins: u32, taps: u32, cols: u32, splits: u32, out_from: u32, in_from: u32, channels_in: u32 }

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.outs * params.ins * params.taps) { return; }
  let tap = i % params.taps;
  let ci = (i / params.taps) % params.ins;
  let co = i / params.taps / params.ins;
  let at = ((params.out_from + co) * params.channels_in + params.in_from + ci) * params.taps + tap;
  let first = (co * params.cols + (ci / 4u) * params.taps + tap) * 4u + ci % 4u;
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) { sum += part[split * params.outs * params.cols * 4u + first]; }
#if ACCUMULATE == 1
  sum += dw[at];
#endif
  dw[at] = sum;
}
