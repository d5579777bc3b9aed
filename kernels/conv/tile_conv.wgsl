// Convolution as implicit matrix product through workgroup memory, for adapters with real workgroups:
//   y[n, co, p] = bias[co] + sum over k = (ci/4, tap, ci%4) of packed[k, co] * x[n, ci, source(p, tap)]
// Any kernel size, stride and dilation; also the input gradient, residue by residue of the stride: then
// x is dY and rows are input channels.
//   x:      vec4f [n][CI/4][H][W];  packed: see tile_pack.wgsl;  y: vec4f [n][CO/4][OH][OW]
// Pixel p = (n, gy, gx) of the grid reads source (gy, gx)*stride + (dy, dx) + tap*(step_y, step_x) and
// writes output (gy, gx)*step + origin. Zero outside of the map. Where a map exceeds a binding, x holds
// quads_in quads of one image from x_base on (their terms are k_from on) and y the quads from quad_from
// on from y_base on; flag 4 adds to what earlier input windows gave. With more than one split, y
// is [split][n][quads][OH][OW] partial sums, added in order by tile_sum.
// flags: 1 adds the bias (else anything may be bound for it), 2 clamps at 0, 4 adds to y; numbers and not
// defines, because one compiled kernel then serves them all.
// One workgroup per TILE_V channels x TILE_S pixels. See include/tile.wgsl. Deterministic.
// Op: src/nn/ops/conv/tile.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define S_K 1
#define ALONG_S 1
#include "tile.wgsl"

struct Params {
  pixels: u32, height: u32, width: u32, quads_in: u32, x_base: u32,
  grid_h: u32, grid_w: u32, out_h: u32, out_w: u32,
  stride: u32, step: u32, origin_y: u32, origin_x: u32,
  taps: u32, tap_cols: u32, dy: i32, dx: i32, step_y: i32, step_x: i32,
  row_quads: u32, k_from: u32,
  channels: u32, quad_from: u32, quad_to: u32, y_base: u32,
  v_tiles: u32, tiles: u32,
  // k quads in all (0: nothing reaches these pixels) and per split, the latter a multiple of
  // TILE_K / 4; vec4 elements between splits.
  k_quads: u32, k_split: u32, y_split: u32,
  flags: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> packed: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.tiles) { return; }
  let quad_first = params.quad_from + (id % params.v_tiles) * ${TILE_V / 4}u;
  let pixel_first = (id / params.v_tiles) * ${TILE_S}u;
  let split = group.z;
  // In k quads: (ci/4, tap).
  let k_first = split * params.k_split;
  let k_end = min(params.k_quads, k_first + params.k_split);
  let plane = params.height * params.width;
  let area = params.grid_h * params.grid_w;
  let tv = own_v(local);
  let ts = own_s(local);
  // This invocation fetches one pixel of the tile in every step, at k quads local/TILE_S + i*ROWS.
#define ROWS THREADS / TILE_S
  let pixel_local = local % ${TILE_S}u;
  let pixel = pixel_first + pixel_local;
  let exists = pixel < params.pixels;
  let from_y = i32(((pixel % area) / params.grid_w) * params.stride) + params.dy;
  let from_x = i32((pixel % params.grid_w) * params.stride) + params.dx;
  let image = params.x_base + (pixel / area) * params.quads_in * plane;
#for q in 0..REG_V / 4
#for j in 0..REG_S
  var acc_${q}_${j} = vec4f(0.0);
#endfor
#endfor
  let steps = (k_end - k_first + ${TILE_K / 4 - 1}u) / ${TILE_K / 4}u;
  for (var step = 0u; step <= steps; step++) {
    let k0 = k_first + step * ${TILE_K / 4}u;
    // Fetch this step's operands (beyond the last step everything is out of range: zero) ..
#for i in 0..CARRY_V
    var carry_v_${i} = vec4f(0.0);
    {
      let item = local + ${i * THREADS}u;
      let quad = quad_first + item % ${TILE_V / 4}u;
      let k = k0 * 4u + item / ${TILE_V / 4}u;
      if (k < k_end * 4u && quad < params.quad_to) { carry_v_${i} = packed[(params.k_from + k) * params.row_quads + quad]; }
    }
#endfor
#for i in 0..CARRY_S
    var carry_s_${i} = vec4f(0.0);
    {
      let k = k0 + local / ${TILE_S}u + ${i * ROWS}u;
      let tap = k % params.taps;
      let sy = from_y + i32(tap / params.tap_cols) * params.step_y;
      let sx = from_x + i32(tap % params.tap_cols) * params.step_x;
      if (exists && k < k_end && u32(sy) < params.height && u32(sx) < params.width) {
        carry_s_${i} = x[image + (k / params.taps) * plane + u32(sy) * params.width + u32(sx)];
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
    {
      let item = local + ${i * THREADS}u;
      v_tile[(item / ${TILE_V / 4}u) * ${V_PITCH}u + item % ${TILE_V / 4}u] = carry_v_${i};
    }
#endfor
#for i in 0..CARRY_S
    s_tile[(local / ${TILE_S}u + ${i * ROWS}u) * ${S_PITCH}u + pixel_local] = carry_s_${i};
#endfor
    workgroupBarrier();
  }
#for q in 0..REG_V / 4
  var shift_${q} = vec4f(0.0);
#endfor
  if ((params.flags & 1u) != 0u) {
    let last = params.channels - 1u;
#for q in 0..REG_V / 4
    {
      let c = (quad_first + tv + ${q * THREADS_V}u) * 4u;
      shift_${q} = vec4f(bias[min(c, last)], bias[min(c + 1u, last)], bias[min(c + 2u, last)], bias[min(c + 3u, last)]);
    }
#endfor
  }
  let quads_here = params.quad_to - params.quad_from;
  let out_plane = params.out_h * params.out_w;
  let y_from = params.y_base + split * params.y_split;
#for j in 0..REG_S
  {
    let p = pixel_first + s_at(ts, ${j}u);
    if (p < params.pixels) {
      let oy = ((p % area) / params.grid_w) * params.step + params.origin_y;
      let ox = (p % params.grid_w) * params.step + params.origin_x;
      let at = y_from + (p / area) * quads_here * out_plane + oy * params.out_w + ox;
#for q in 0..REG_V / 4
      {
        let quad = quad_first + tv + ${q * THREADS_V}u;
        if (quad < params.quad_to) {
          let place = at + (quad - params.quad_from) * out_plane;
          let c = quad * 4u;
          var value = acc_${q}_${j};
          value += shift_${q};
          if ((params.flags & 4u) != 0u) { value += y[place]; }
          if ((params.flags & 2u) != 0u) { value = select(value, vec4f(0.0), value <= vec4f(0.0)); }
          y[place] = select(vec4f(0.0), value, vec4u(c, c + 1u, c + 2u, c + 3u) < vec4u(params.channels));
        }
      }
#endfor
    }
  }
#endfor
}
