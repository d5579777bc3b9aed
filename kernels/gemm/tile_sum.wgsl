// The second pass of a split sum: y = sum over splits, in order, of part (+ bias, ReLU).
//   part: f32 [split][count];  MAP 0: y f32 rows of `cols`, c_pitch apart, from y_base on;
//   MAP 1: y f32 [n][quads][plane][4] from y_base on, its first channel channel_from, pad lanes zero.
// One element per invocation. Deterministic.
// Op: src/nn/ops/tile-gemm.ts · twin: src/nn/twins/linear.ts · cases: test/nn/ops/cases/linear.ts
#define MAP 0
#define BIAS 0
#define RELU 0
#define ACCUMULATE 0
#include "grid.wgsl"

struct Params {
  count: u32, splits: u32, split_stride: u32, y_base: u32,
  cols: u32, c_pitch: u32, bias_base: u32,
  plane: u32, quads: u32, channel_from: u32, channels: u32,
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#if BIAS == 1
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
#else
@group(0) @binding(2) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.count) { return; }
  var sum = 0.0;
  for (var split = 0u; split < params.splits; split++) { sum += part[split * params.split_stride + i]; }
#if MAP == 1
  let at = params.y_base + i;
  let channel = params.channel_from + ((i / 4u / params.plane) % params.quads) * 4u + i % 4u;
  if (channel >= params.channels) {
    y[at] = 0.0;
    return;
  }
#else
  let at = params.y_base + (i / params.cols) * params.c_pitch + i % params.cols;
  let channel = params.bias_base + i % params.cols;
#endif
#if BIAS == 1
  sum += bias[channel];
#endif
#if ACCUMULATE == 1
  sum += y[at];
#endif
#if RELU == 1
  sum = select(sum, 0.0, sum <= 0.0);
#endif
  y[at] = sum;
}
