// Convolution as implicit GEMM with a table of taps, a lane kernel (see lane_gemm.wgsl):
//   y[n, co, Y*oy + oy0, X*ox + ox0] = bias[co] + sum over ci, taps t of
//       w[co, ci, t] * x[n, ci, Y*sy + dy_t, X*sx + dx_t]
// One table serves every forward convolution (dy = ky*dilation - pad, o = 1, o0 = 0) and every
// input gradient (one dispatch per residue class of the stride, see src/nn/ops/conv/lanes.ts).
//   x_map:  layer ci/4, texel (x, n*H + y) = channels 4*(ci/4)..+3; outside the map is zero
//   w_map:  texel ((k % kx)*L + lane, panel*ky + k/kx) = rows co = panel*4L + 4*lane ..+3 at
//           k = (t*ceil(CI/4) + ci/4)*4 + ci%4
//   y:      vec4f [n][co/4][OH][OW], from y_base on; with windows the quads quad_from.. of one image
// One subgroup computes 4L channels x 4L consecutive output positions. Deterministic.
// Op: src/nn/ops/conv/lanes.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
enable subgroups;
diagnostic(off, subgroup_uniformity);
#include "lane_partner.wgsl"
#include "maps.wgsl"

#define A_FORM 0
#define B_FORM 0
#define BIAS 0

struct Params {
  batch: u32,
  // First image: a dispatch may cover a part of the batch.
  image_from: u32,
  height: u32,
  width: u32,
  quads_in: u32,
  channels_out: u32,
  // Quads of y, and the window of them that this dispatch writes: [quad_from, quad_to).
  quads_out: u32,
  quad_from: u32,
  quad_to: u32,
  // Elements of y before the window.
  y_base: u32,
  // Positions of this residue class (grid) and the full output map.
  grid_h: u32,
  grid_w: u32,
  out_h: u32,
  out_w: u32,
  stride: u32,
  step: u32,
  origin_y: u32,
  origin_x: u32,
  taps: u32,
  kx: u32,
  ky: u32,
  panel_from: u32,
  panels: u32,
  tiles: u32,
  // 1: clamps at 0. A parameter, as each variant of this text takes a second to compile.
  relu: u32,
  tap: array<vec4i, 64>,
}

@group(0) @binding(0) var x_map: READ_MAP;
@group(0) @binding(1) var w_map: READ_MAP;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
#if BIAS == 1
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
#else
@group(0) @binding(3) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let clamps = vec4<bool>(params.relu == 1u);
  let lane = local % ${LANES}u;
  let id = (group.x + group.y * groups.x) * ${64 / LANES}u + local / ${LANES}u;
  if (id >= params.panels * params.tiles) { return; }
  let panel = params.panel_from + id / params.tiles;
  let tile = id % params.tiles;
  let plane = params.grid_h * params.grid_w;
  let positions = params.batch * plane;
#for col in 0..4
  let at${col} = tile * ${4 * LANES}u + ${col * LANES}u + lane;
  let n${col} = at${col} / plane;
  let gy${col} = (at${col} % plane) / params.grid_w;
  let x${col} = i32((at${col} % params.grid_w) * params.stride);
  // A tail position gets a row that is outside for every tap.
  let y${col} = select(-100000, i32(gy${col} * params.stride), at${col} < positions);
  let top${col} = i32((n${col} + params.image_from) * params.height);
#endfor
#include "lane_tile.wgsl"
  let height = params.height;
  let width = params.width;
  var k = 0u;
  var kcol = lane;
  var krow = panel * params.ky;
  // Taps outside, channels inside: places and borders are worked out once per tap.
  for (var t = 0u; t < params.taps; t++) {
    let tap = params.tap[t];
#for col in 0..4
    let sx${col} = x${col} + tap.y;
    let sy${col} = y${col} + tap.x;
    let at_source${col} = vec2i(sx${col}, top${col} + sy${col});
    let inside${col} = u32(sx${col}) < width && u32(sy${col}) < height;
#endfor
    for (var ci4 = 0u; ci4 < params.quads_in; ci4++) {
#for step in 0..4
      let a${step} = textureLoad(w_map, vec2u(kcol + ${step * LANES}u, krow), 0 LEVEL);
#endfor
#for col in 0..4
      let b${col} = select(vec4f(0.0), textureLoad(x_map, at_source${col}, ci4 LEVEL), inside${col});
#endfor
#include "lane_mac.wgsl"
      k += 4u;
      kcol += ${4 * LANES}u;
      if (k == params.kx) {
        k = 0u;
        kcol = lane;
        krow++;
      }
    }
  }
  let co4 = panel * ${LANES}u + lane;
  let is_written = co4 >= params.quad_from && co4 < params.quad_to;
#if BIAS == 1
  let last = params.channels_out - 1u;
  let co = co4 * 4u;
  let in_range = vec4u(co, co + 1u, co + 2u, co + 3u) <= vec4u(last);
  let shift = select(vec4f(0.0), vec4f(bias[min(co, last)], bias[min(co + 1u, last)], bias[min(co + 2u, last)], bias[min(co + 3u, last)]), in_range);
#endif
  // Where this lane's own columns lie in a plane group of y: computed once, then handed round with
  // the values, as divisions are dear. Past the last position: no place.
#for col in 0..4
  let place${col} = select(0xffffffffu,
    n${col} * params.quads_out * params.out_h * params.out_w
      + (gy${col} * params.step + params.origin_y) * params.out_w + (at${col} % params.grid_w) * params.step + params.origin_x,
    at${col} < positions);
#endfor
  let base = params.y_base + (co4 - params.quad_from) * params.out_h * params.out_w;
#for turn in 0..LANES
#for col in 0..4
  {
    let place = subgroupShuffle(place${col}, partner(lane, ${turn}u));
    if (is_written && place != 0xffffffffu) {
      var value = vec4f(c_${col}_0_${turn}, c_${col}_1_${turn}, c_${col}_2_${turn}, c_${col}_3_${turn});
#if BIAS == 1
      value += shift;
#endif
      value = select(value, vec4f(0.0), clamps & (value <= vec4f(0.0)));
      y[base + place] = value;
    }
  }
#endfor
#endfor
}
