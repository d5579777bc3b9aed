// Weight gradient of a convolution, one weight per invocation:
//   dw[co, ci, ky, kx] = sum over n, Y, X of dy[n, co, Y, X] * x[n, ci, Y*stride + ky*dilation - pad, ..]
//   dy: f32 [N][CO/4][OH][OW][4];  x: f32 [N][CI/4][H][W][4];  dw: f32 (CO, CI, KH, KW)
// Rows are summed apart before they are added to the total, which keeps long sums accurate.
// Windows as in naive_conv.wgsl: this dispatch writes the weights between the channels that are
// bound; ACCUMULATE 1 adds to what earlier images gave. Deterministic.
// Op: src/nn/ops/conv/naive.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define ACCUMULATE 0
#include "grid.wgsl"

struct Params {
  batch: u32, channels_in: u32, height: u32, width: u32,
  channels_out: u32, out_h: u32, out_w: u32,
  kernel_h: u32, kernel_w: u32, stride: u32, pad: i32, dilation: u32,
  // Windows: channels of x and their first element, channels of y (or dy) and their first element.
  in_from: u32, in_to: u32, x_base: u32, out_from: u32, out_to: u32, y_base: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  let taps = params.kernel_h * params.kernel_w;
  let ins = params.in_to - params.in_from;
  let outs = params.out_to - params.out_from;
  if (i >= outs * ins * taps) { return; }
  let ky = (i % taps) / params.kernel_w;
  let kx = i % params.kernel_w;
  // Counted from the first channel that is bound.
  let ci = (i / taps) % ins;
  let co = i / taps / ins;
  let quads_out = (outs + 3u) / 4u;
  let quads_in = (ins + 3u) / 4u;
  let at = ((params.out_from + co) * params.channels_in + params.in_from + ci) * taps + i % taps;
#if ACCUMULATE == 1
  var sum = dw[at];
#else
  var sum = 0.0;
#endif
  for (var n = 0u; n < params.batch; n++) {
    let from_g = (n * quads_out + co / 4u) * params.out_h * params.out_w;
    let from_x = (n * quads_in + ci / 4u) * params.height * params.width;
    for (var oy = 0u; oy < params.out_h; oy++) {
      let sy = i32(oy * params.stride + ky * params.dilation) - params.pad;
      if (u32(sy) >= params.height) { continue; }
      var line = 0.0;
      for (var ox = 0u; ox < params.out_w; ox++) {
        let sx = i32(ox * params.stride + kx * params.dilation) - params.pad;
        if (u32(sx) >= params.width) { continue; }
        line += dy[params.y_base + (from_g + oy * params.out_w + ox) * 4u + co % 4u] * x[params.x_base + (from_x + u32(sy) * params.width + u32(sx)) * 4u + ci % 4u];
      }
      sum += line;
    }
  }
  dw[at] = sum;
}
