// Input gradient of a convolution, gather form, one input element per invocation:
//   dx[n, ci, y, x] = sum over co, ky, kx with (y + pad - ky*dilation) = Y*stride (x alike) of
//       w[co, ci, ky, kx] * dy[n, co, Y, X]
//   dy: f32 [N][CO/4][OH][OW][4];  w: f32 (CO, CI, KH, KW);  dx: f32 [N][CI/4][H][W][4]
// Deterministic.
#include "grid.wgsl"

struct Params {
  batch: u32, channels_in: u32, height: u32, width: u32,
  channels_out: u32, out_h: u32, out_w: u32,
  kernel_h: u32, kernel_w: u32, stride: u32, pad: i32, dilation: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  let plane = params.height * params.width;
  let quads_out = (params.channels_out + 3u) / 4u;
  let quads_in = (params.channels_in + 3u) / 4u;
  if (i >= params.batch * quads_in * plane * 4u) { return; }
  let pixel = (i / 4u) % plane;
  let ci = ((i / 4u / plane) % quads_in) * 4u + i % 4u;
  let n = i / 4u / plane / quads_in;
  if (ci >= params.channels_in) {
    dx[i] = 0.0;
    return;
  }
  let stride = i32(params.stride);
  var sum = 0.0;
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    let ty = i32(pixel / params.width) + params.pad - i32(ky * params.dilation);
    if (ty < 0 || ty % stride != 0 || u32(ty / stride) >= params.out_h) { continue; }
    for (var kx = 0u; kx < params.kernel_w; kx++) {
      let tx = i32(pixel % params.width) + params.pad - i32(kx * params.dilation);
      if (tx < 0 || tx % stride != 0 || u32(tx / stride) >= params.out_w) { continue; }
      let at = u32(ty / stride) * params.out_w + u32(tx / stride);
      for (var co = 0u; co < params.channels_out; co++) {
        let g = dy[((n * quads_out + co / 4u) * params.out_h * params.out_w + at) * 4u + co % 4u];
        sum += g * w[((co * params.channels_in + ci) * params.kernel_h + ky) * params.kernel_w + kx];
      }
    }
  }
  dx[i] = sum;
}
