// Convolution, one output element per invocation, buffers only: any shape, any adapter; the
// reference on the device.
//   y[n, co, Y, X] = bias[co] + sum over ci, ky, kx of
//       w[co, ci, ky, kx] * x[n, ci, Y*stride + ky*dilation - pad, X*stride + kx*dilation - pad]
//   x: f32 [N][CI/4][H][W][4];  w: f32 (CO, CI, KH, KW);  y: f32 [N][CO/4][OH][OW][4], pad lanes zero
// Where a map exceeds a binding, x holds the channels in_from .. in_to (of one image) from element
// x_base on and y the out_quads quads from channel out_from on from y_base on; ACCUMULATE 1 adds to
// what earlier input windows gave. Deterministic.
// Op: src/nn/ops/conv/naive.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define BIAS 0
#define RELU 0
#define ACCUMULATE 0
#include "grid.wgsl"

struct Params {
  batch: u32, channels_in: u32, height: u32, width: u32,
  channels_out: u32, out_h: u32, out_w: u32,
  kernel_h: u32, kernel_w: u32, stride: u32, pad: i32, dilation: u32,
  // Windows: channels of x and their first element, channels of y (or dy) and their first element.
  in_from: u32, in_to: u32, x_base: u32, out_from: u32, out_to: u32, y_base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if BIAS == 1
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
#else
@group(0) @binding(3) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  let plane = params.out_h * params.out_w;
  let quads_out = (params.out_to - params.out_from + 3u) / 4u;
  let quads_in = (params.in_to - params.in_from + 3u) / 4u;
  if (i >= params.batch * quads_out * plane * 4u) { return; }
  let pixel = (i / 4u) % plane;
  let co = params.out_from + ((i / 4u / plane) % quads_out) * 4u + i % 4u;
  let n = i / 4u / plane / quads_out;
  if (co >= params.channels_out) {
    y[params.y_base + i] = 0.0;
    return;
  }
#if BIAS == 1
  var sum = bias[co];
#else
  var sum = 0.0;
#endif
#if ACCUMULATE == 1
  sum = y[params.y_base + i];
#endif
  let y0 = i32((pixel / params.out_w) * params.stride) - params.pad;
  let x0 = i32((pixel % params.out_w) * params.stride) - params.pad;
  for (var ci = params.in_from; ci < params.in_to; ci++) {
    let start = (n * quads_in + (ci - params.in_from) / 4u) * params.height * params.width;
    let taps = (co * params.channels_in + ci) * params.kernel_h * params.kernel_w;
    for (var ky = 0u; ky < params.kernel_h; ky++) {
      let sy = y0 + i32(ky * params.dilation);
      if (u32(sy) >= params.height) { continue; }
      for (var kx = 0u; kx < params.kernel_w; kx++) {
        let sx = x0 + i32(kx * params.dilation);
        if (u32(sx) >= params.width) { continue; }
        sum += w[taps + ky * params.kernel_w + kx] * x[params.x_base + (start + u32(sy) * params.width + u32(sx)) * 4u + ci % 4u];
      }
    }
  }
#if RELU == 1
  sum = select(sum, 0.0, sum <= 0.0);
#endif
  y[params.y_base + i] = sum;
}
