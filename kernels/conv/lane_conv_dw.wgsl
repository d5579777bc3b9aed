// Weight gradient of a convolution, a lane kernel (see gemm/lane_gemm.wgsl):
//   part[split][co][j] = sum over output pixels (n, y, x) of the split of
//       dY[n, co, y, x] * x[n, ci, y*stride + dy_t, x*stride + dx_t],   j = ((ci/4)*taps + t)*4 + ci%4
//   dy_map: layer co/4, texel (x, n*OH + y);  x_map: layer ci/4, texel (x, n*H + y)
//   part:   vec4f [split][co padded to 4L][quads of j padded to L]
// Columns are (channel quad, tap) pairs, so a lane has its own tap and few channels (an image's
// three) still fill the lanes. One subgroup: 4L output channels x 4L columns over the rows
// split*rows_per_split.. of the stacked output rows. Parts are summed in order by lane_conv_dw_sum.
// Deterministic.
// Op: src/nn/ops/conv/lanes.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
enable subgroups;
diagnostic(off, subgroup_uniformity);
#include "lane_partner.wgsl"
#include "maps.wgsl"

#define A_FORM 0
#define B_FORM 1

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  out_h: u32,
  out_w: u32,
  stride: u32,
  co_panels: u32,
  // Panels of L column quads.
  col_panels: u32,
  taps: u32,
  splits: u32,
  rows_per_split: u32,
  tap: array<vec4i, 64>,
}

@group(0) @binding(0) var dy_map: READ_MAP;
@group(0) @binding(1) var x_map: READ_MAP;
@group(0) @binding(2) var<storage, read_write> part: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let lane = local % ${LANES}u;
  let id = (group.x + group.y * groups.x) * ${64 / LANES}u + local / ${LANES}u;
  let panels = params.co_panels * params.col_panels;
  if (id >= panels * params.splits) { return; }
  let q = id % params.col_panels;
  let p = (id / params.col_panels) % params.co_panels;
  let split = id / panels;
  let column = q * ${LANES}u + lane;
  let tap = params.tap[column % params.taps];
  let last = min((split + 1u) * params.rows_per_split, params.batch * params.out_h);
  let layer_a = p * ${LANES}u + lane;
  let layer_b = column / params.taps;
#include "lane_tile.wgsl"
  for (var row = split * params.rows_per_split; row < last; row++) {
    let sy = i32((row % params.out_h) * params.stride) + tap.x;
    let inside = u32(sy) < params.height;
    let source = i32((row / params.out_h) * params.height) + sy;
    for (var x0 = 0u; x0 < params.out_w; x0 += 4u) {
#for step in 0..4
      let sx${step} = i32((x0 + ${step}u) * params.stride) + tap.y;
      let a${step} = select(vec4f(0.0), textureLoad(dy_map, vec2u(x0 + ${step}u, row), layer_a LEVEL), x0 + ${step}u < params.out_w);
      let b${step} = select(vec4f(0.0), textureLoad(x_map, vec2i(sx${step}, source), layer_b LEVEL), inside && x0 + ${step}u < params.out_w && u32(sx${step}) < params.width);
#endfor
#include "lane_mac.wgsl"
    }
  }
  let quads = params.col_panels * ${LANES}u;
#for row in 0..4
  {
    let co = p * ${4 * LANES}u + lane * 4u + ${row}u;
    let base = (split * params.co_panels * ${4 * LANES}u + co) * quads + q * ${LANES}u;
#for turn in 0..LANES
    part[base + partner(lane, ${turn}u)] = vec4f(c_0_${row}_${turn}, c_1_${row}_${turn}, c_2_${row}_${turn}, c_3_${row}_${turn});
#endfor
  }
#endfor
}
