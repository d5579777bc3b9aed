// Input gradient of a convolution, gather form, one input element per invocation:
//   dx[n, ci, y, x] = sum over co, ky, kx with (y + pad - ky*dilation) = Y*stride (x alike) of
//       w[co, ci, ky, kx] * dy[n, co, Y, X]
//   dy: f32 [N][CO/4][OH][OW][4];  w: f32 (CO, CI, KH, KW);  dx: f32 [N][CI/4][H][W][4]
// Windows as in naive_conv.wgsl, dy read and dx written. Deterministic.
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
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  let plane = params.height * params.width;
  let quads_out = (params.out_to - params.out_from + 3u) / 4u;
  let quads_in = (params.in_to - params.in_from + 3u) / 4u;
  if (i >= params.batch * quads_in * plane * 4u) { return; }
  let pixel = (i / 4u) % plane;
  let ci = params.in_from + ((i / 4u / plane) % quads_in) * 4u + i % 4u;
  let n = i / 4u / plane / quads_in;
  if (ci >= params.channels_in) {
    dx[params.x_base + i] = 0.0;
    return;
  }
  let stride = i32(params.stride);
#if ACCUMULATE == 1
  var sum = dx[params.x_base + i];
#else
  var sum = 0.0;
#endif
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    let ty = i32(pixel / params.width) + params.pad - i32(ky * params.dilation);
    if (ty < 0 || ty % stride != 0 || u32(ty / stride) >= params.out_h) { continue; }
    for (var kx = 0u; kx < params.kernel_w; kx++) {
      let tx = i32(pixel % params.width) + params.pad - i32(kx * params.dilation);
      if (tx < 0 || tx % stride != 0 || u32(tx / stride) >= params.out_w) { continue; }
      let at = u32(ty / stride) * params.out_w + u32(tx / stride);
      for (var co = params.out_from; co < params.out_to; co++) {
        let g = dy[params.y_base + ((n * quads_out + (co - params.out_from) / 4u) * params.out_h * params.out_w + at) * 4u + co % 4u];
        sum += g * w[((co * params.channels_in + ci) * params.kernel_h + ky) * params.kernel_w + kx];
      }
    }
  }
  dx[params.x_base + i] = sum;
}
