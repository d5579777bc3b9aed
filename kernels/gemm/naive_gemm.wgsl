// c[row*c_row + col] = sum over k of a[row*a_row + k*a_k] * b[col*b_col + k*b_k] (+ bias[col], ReLU):
// any matrix product with any transposition, buffers only; the reference on the device.
// Each array is read from its base on, which makes windows over large matrices; ACCUMULATE 1 adds
// to c.
// One element per invocation. Sums run in blocks of 256 to stay accurate. Deterministic.
// Op: src/nn/ops/linear/naive.ts · twin: src/nn/twins/linear.ts · cases: test/nn/ops/cases/linear.ts
#define BIAS 0
#define RELU 0
#define ACCUMULATE 0
#include "grid.wgsl"

struct Params {
  rows: u32, cols: u32, k: u32, a_row: u32, a_k: u32, b_col: u32, b_k: u32, c_row: u32,
  a_base: u32, b_base: u32, c_base: u32, bias_base: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
#if BIAS == 1
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
#else
@group(0) @binding(3) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.rows * params.cols) { return; }
  let row = i / params.cols;
  let col = i % params.cols;
  let at = params.c_base + row * params.c_row + col;
  let from_a = params.a_base + row * params.a_row;
  let from_b = params.b_base + col * params.b_col;
#if ACCUMULATE == 1
  var total = c[at];
#else
  var total = 0.0;
#endif
  for (var start = 0u; start < params.k; start += 256u) {
    var block = 0.0;
    for (var k = start; k < min(start + 256u, params.k); k++) {
      block += a[from_a + k * params.a_k] * b[from_b + k * params.b_k];
    }
    total += block;
  }
#if BIAS == 1
  total += bias[params.bias_base + col];
#endif
#if RELU == 1
  total = select(total, 0.0, total <= 0.0);
#endif
  c[at] = total;
}
