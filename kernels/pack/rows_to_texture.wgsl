// A row-major matrix into a texture, `texels`, for lane_gemm, zero-padded.
//   x: f32[rows][cols]
//   PANEL 0: texel (c/4, r) in strips  = columns 4*(c/4)..+3 of row r          (natural, K-packed)
//   PANEL 1: texel (r*L + lane, panel) = columns panel*4L + 4*lane ..+3 of row r (panels, k = r)
// In strips: texel (x, y) is texel (x % STRIP, y) of layer x / STRIP.
// One texel per invocation over texels_x x texels_y. Deterministic.
// Op: src/nn/ops/texture.ts · twin: src/nn/twins/linear.ts · cases: test/nn/ops/cases/linear.ts
#include "grid.wgsl"

#define PANEL 0
#define STRIP 64
#define TARGET 1

struct Params {
  rows: u32,
  cols: u32,
  texels_x: u32,
  texels_y: u32,
  // Texels of a row and of a layer (texel_target.wgsl).
  pitch: u32,
  layer_pitch: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
#include "texel_target.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.texels_x * params.texels_y) { return; }
  let tx = i % params.texels_x;
  let ty = i / params.texels_x;
#if PANEL == 1
  let row = tx / ${LANES}u;
  let col = ty * ${4 * LANES}u + (tx % ${LANES}u) * 4u;
#else
  let row = ty;
  let col = tx * 4u;
#endif
  var value = vec4f(0.0);
  for (var j = 0u; j < 4u; j++) {
    if (row < params.rows && col + j < params.cols) { value[j] = x[row * params.cols + col + j]; }
  }
#if PANEL == 1
  put(vec2u(tx, ty), 0u, value);
#else
  put(vec2u(tx % ${STRIP}u, ty), tx / ${STRIP}u, value);
#endif
}
