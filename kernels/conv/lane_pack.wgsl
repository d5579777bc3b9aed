// Weights (O, I, KH, KW) into the panels that lane_conv reads, `texels`:
//   texel ((k % kx)*L + lane, panel*ky + k/kx) = rows panel*4L + 4*lane ..+3 at
//   k = (t*ceil(cols/4) + c/4)*4 + c%4, where (row, c) = (co, ci), or (ci, co) for the input gradient.
// Value = w[row*row_stride + c*col_stride + tap[t]]; zero beyond rows and cols.
//   w: f32[O*I*KH*KW]
// One texel per invocation. Deterministic.
// Op: src/nn/ops/conv/lanes.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define TARGET 1
#include "grid.wgsl"

struct Params {
  rows: u32,
  cols: u32,
  row_stride: u32,
  col_stride: u32,
  taps: u32,
  kx: u32,
  ky: u32,
  panels: u32,
  k_total: u32,
  // Texels of a row and of a layer (texel_target.wgsl).
  pitch: u32,
  layer_pitch: u32,
  tap: array<vec4u, 64>,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
#include "texel_target.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.panels * params.k_total * ${LANES}u) { return; }
  let lane = i % ${LANES}u;
  let k = (i / ${LANES}u) % params.k_total;
  let panel = i / (${LANES}u * params.k_total);
  let per_tap = params.k_total / params.taps;
  let c = k % per_tap;
  let tap = params.tap[k / per_tap].x;
  let row = panel * ${4 * LANES}u + lane * 4u;
  let at = row * params.row_stride + c * params.col_stride + tap;
  let exists = c < params.cols;
  let value = vec4f(
#for r in 0..4
    select(0.0, w[at + ${r}u * params.row_stride], exists && row + ${r}u < params.rows),
#endfor
  );
  put(vec2u((k % params.kx) * ${LANES}u + lane, panel * params.ky + k / params.kx), 0u, value);
}
