// Weights of tile_conv in the order in which it sums.
//   w:      f32 (O, I, KH, KW)
//   packed: vec4f [col/4][tap][col%4][row/4] = rows 4*(row/4)..+3, zero beyond rows and cols, where
//           (row, col) = (co, ci) forward and (ci, co) for the input gradient
// The taps are a grid: tap (i, j) is w's (first_y + i*step_y, first_x + j*step_x).
// One vec4 per invocation. Deterministic.
// Op: src/nn/ops/conv/tile.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "grid.wgsl"

struct Params {
  rows: u32, cols: u32, row_stride: u32, col_stride: u32,
  taps: u32, tap_cols: u32, first_y: u32, first_x: u32, step_y: u32, step_x: u32, kernel_w: u32,
  row_quads: u32, count: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.count) { return; }
  let row = (i % params.row_quads) * 4u;
  let k = i / params.row_quads;
  let tap = (k / 4u) % params.taps;
  let col = (k / 4u / params.taps) * 4u + k % 4u;
  let ky = params.first_y + (tap / params.tap_cols) * params.step_y;
  let kx = params.first_x + (tap % params.tap_cols) * params.step_x;
  var four = vec4f(0.0);
  if (col < params.cols) {
    for (var r = 0u; r < min(4u, params.rows - row); r++) {
      four[r] = w[(row + r) * params.row_stride + col * params.col_stride + ky * params.kernel_w + kx];
    }
  }
  packed[i] = four;
}
