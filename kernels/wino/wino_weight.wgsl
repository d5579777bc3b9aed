// Winograd weight transform U = G g Gt.
//   w:     f32 (O, I, 3, 3)
//   texels: layer f, texel (c*L + lane, panel) = rows panel*4L + 4*lane ..+3 at c, where (row, c) =
//          (co, ci), or (ci, co) with the taps rotated by 180 degrees for the input gradient (FLIP 1)
// One c x four rows per invocation. Deterministic.
// Op: src/nn/ops/conv/winograd.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define FLIP 0
#define TARGET 1
#include "grid.wgsl"
#include "winograd.wgsl"

struct Params {
  rows: u32,
  cols: u32,
  row_stride: u32,
  col_stride: u32,
  panels: u32,
  cols_padded: u32,
  // Texels of a row and of a layer (texel_target.wgsl).
  pitch: u32,
  layer_pitch: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
#include "texel_target.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.panels * params.cols_padded * ${LANES}u) { return; }
  let lane = i % ${LANES}u;
  let c = (i / ${LANES}u) % params.cols_padded;
  let panel = i / (${LANES}u * params.cols_padded);
  let row = panel * ${4 * LANES}u + lane * 4u;
  var u: array<vec4f, ${A * A}>;
  for (var r = 0u; r < 4u; r++) {
    if (row + r >= params.rows || c >= params.cols) { continue; }
    let at = (row + r) * params.row_stride + c * params.col_stride;
#if FLIP == 1
    let g0 = weight_transform(vec3f(w[at + 8u], w[at + 7u], w[at + 6u]));
    let g1 = weight_transform(vec3f(w[at + 5u], w[at + 4u], w[at + 3u]));
    let g2 = weight_transform(vec3f(w[at + 2u], w[at + 1u], w[at]));
#else
    let g0 = weight_transform(vec3f(w[at], w[at + 1u], w[at + 2u]));
    let g1 = weight_transform(vec3f(w[at + 3u], w[at + 4u], w[at + 5u]));
    let g2 = weight_transform(vec3f(w[at + 6u], w[at + 7u], w[at + 8u]));
#endif
#for col in 0..A
    {
      let s = weight_transform(vec3f(g0[${col}], g1[${col}], g2[${col}]));
#for freq in 0..A
      u[${freq * A + col}][r] = s[${freq}];
#endfor
    }
#endfor
  }
#for f in 0..A * A
  put(vec2u(c * ${LANES}u + lane, panel), ${f}u, u[${f}]);
#endfor
}
