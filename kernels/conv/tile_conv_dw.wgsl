// Weight gradient of a convolution as implicit matrix product through workgroup memory:
//   part[split, co, (ci/4, tap)] = sum over the split's pixels p of dy[n, co, p] * x[n, ci, p*stride + tap*dilation - pad]
//   dy: vec4f [n][CO/4][OH][OW];  x: vec4f [n][CI/4][H][W];  part: vec4f [split][co][(CI/4)*taps]
// Both operands hold four channels at one pixel, the k of this product. Where a map exceeds a binding,
// x holds quads_in quads of one image from x_base on and dy quads_out quads from y_base on.
// One workgroup per TILE_S output channels x TILE_V/4 (quad, tap) pairs and split. See include/tile.wgsl.
// Deterministic: pixels are summed in order; splits are added in order by tile_conv_dw_sum.
// Op: src/nn/ops/conv/tile.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "tile.wgsl"

struct Params {
  pixels: u32, height: u32, width: u32, quads_in: u32, x_base: u32,
  out_h: u32, out_w: u32, quads_out: u32, y_base: u32,
  stride: u32, dilation: u32, pad: i32, taps: u32, tap_cols: u32,
  cols: u32, rows: u32, v_tiles: u32, tiles: u32, k_split: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> part: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.tiles) { return; }
  let col_first = (id % params.v_tiles) * ${TILE_V / 4}u;
  let quad_first = (id / params.v_tiles) * ${TILE_S / 4}u;
  let split = group.z;
  let k_first = split * params.k_split;
  let k_end = min(params.pixels, k_first + params.k_split);
  let plane = params.height * params.width;
  let out_plane = params.out_h * params.out_w;
  let tv = own_v(local);
  let ts = own_s(local);
  // This invocation fetches one pixel of each step, of columns and quads local/TILE_K + i*ROWS.
#define ROWS THREADS / TILE_K
  let k_local = local % ${TILE_K}u;
#for i in 0..CARRY_V
  let col_${i} = col_first + local / ${TILE_K}u + ${i * ROWS}u;
  let tap_${i} = col_${i} % params.taps;
  let tap_y_${i} = i32((tap_${i} / params.tap_cols) * params.dilation) - params.pad;
  let tap_x_${i} = i32((tap_${i} % params.tap_cols) * params.dilation) - params.pad;
#endfor
#for q in 0..REG_V / 4
#for j in 0..REG_S
  var acc_${q}_${j} = vec4f(0.0);
#endfor
#endfor
  let steps = (k_end - k_first + ${TILE_K - 1}u) / ${TILE_K}u;
  for (var step = 0u; step <= steps; step++) {
    let k = k_first + step * ${TILE_K}u + k_local;
    let exists = k < k_end;
    let image = k / out_plane;
    let place = k % out_plane;
    let from_y = i32((place / params.out_w) * params.stride);
    let from_x = i32((place % params.out_w) * params.stride);
    // Fetch this step's operands (beyond the last step everything is out of range: zero) ..
#for i in 0..CARRY_V
    var carry_v_${i} = vec4f(0.0);
    {
      let sy = from_y + tap_y_${i};
      let sx = from_x + tap_x_${i};
      if (exists && col_${i} < params.cols && u32(sy) < params.height && u32(sx) < params.width) {
        carry_v_${i} = x[params.x_base + (image * params.quads_in + col_${i} / params.taps) * plane + u32(sy) * params.width + u32(sx)];
      }
    }
#endfor
#for i in 0..CARRY_S
    var carry_s_${i} = vec4f(0.0);
    {
      let quad = quad_first + local / ${TILE_K}u + ${i * ROWS}u;
      if (exists && quad < params.quads_out) {
        carry_s_${i} = dy[params.y_base + (image * params.quads_out + quad) * out_plane + place];
      }
    }
#endfor
    // .. multiply the previous one's ..
    if (step > 0u) {
#include "tile_mac.wgsl"
    }
    // .. and swap.
    workgroupBarrier();
#for i in 0..CARRY_V
    v_tile[k_local * ${V_PITCH}u + local / ${TILE_K}u + ${i * ROWS}u] = carry_v_${i};
#endfor
#for i in 0..CARRY_S
    s_tile[k_local * ${S_PITCH}u + local / ${TILE_K}u + ${i * ROWS}u] = carry_s_${i};
#endfor
    workgroupBarrier();
  }
#for j in 0..REG_S
  {
    let co = quad_first * 4u + s_at(ts, ${j}u);
    if (co < params.rows) {
      let at = (split * params.rows + co) * params.cols;
#for q in 0..REG_V / 4
      {
        let col = col_first + tv + ${q * THREADS_V}u;
        if (col < params.cols) { part[at + col] = acc_${q}_${j}; }
      }
#endfor
    }
  }
#endfor
}
