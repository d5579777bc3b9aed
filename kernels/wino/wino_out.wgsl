// Winograd output transform Y = At m A of a strip of tiles, with bias and ReLU.
//   m_map: layer f, texel (tile - tile_from, co/4) = channels 4*(co/4)..+3
//   y:     vec4f [n][co/4][H][W]
// One tile x one channel quad per invocation; quads quad_from..quad_to of images image_from.. are
// written (windows of a large output). Deterministic.
#define BIAS 0
#include "grid.wgsl"
#include "winograd.wgsl"
#include "winograd_tile.wgsl"

struct Params {
  batch: u32,
  image_from: u32,
  height: u32,
  width: u32,
  channels: u32,
  quads: u32,
  quad_from: u32,
  quad_to: u32,
  // Elements of y before the window.
  y_base: u32,
  tiles_y: u32,
  tiles_x: u32,
  tile_from: u32,
  tiles: u32,
  // 1: clamps at 0. A parameter, as each variant of this text takes a second to compile.
  relu: u32,
}

@group(0) @binding(0) var m_map: texture_storage_2d_array<rgba32float, read>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
#if BIAS == 1
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
#else
@group(0) @binding(2) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let clamps = vec4<bool>(params.relu == 1u);
  let i = linear_index(gid, groups, 64u);
  let quads_here = params.quad_to - params.quad_from;
  if (i >= params.tiles * quads_here) { return; }
  let local = i % params.tiles;
  let q = params.quad_from + i / params.tiles;
  let tile = tile_at(params.tile_from + local, params.tiles_y, params.tiles_x);
  if (tile.n < params.image_from || tile.n >= params.image_from + params.batch) { return; }
#for row in 0..A
  let t_${row} = output_transform(array<vec4f, ${A}>(
#for col in 0..A
    textureLoad(m_map, vec2u(local, q), ${row * A + col}),
#endfor
  ));
#endfor
#if BIAS == 1
  let last = params.channels - 1u;
  let c = q * 4u;
  let in_range = vec4u(c, c + 1u, c + 2u, c + 3u) <= vec4u(last);
  let shift = select(vec4f(0.0), vec4f(bias[min(c, last)], bias[min(c + 1u, last)], bias[min(c + 2u, last)], bias[min(c + 3u, last)]), in_range);
#endif
  let base = params.y_base + ((tile.n - params.image_from) * params.quads + q - params.quad_from) * params.height * params.width;
#for col in 0..M
  {
    let s = output_transform(array<vec4f, ${A}>(
#for row in 0..A
      t_${row}[${col}],
#endfor
    ));
    let x = u32(tile.x) + ${col}u;
    if (x < params.width) {
#for row in 0..M
      if (u32(tile.y) + ${row}u < params.height) {
        var value = s[${row}];
#if BIAS == 1
        value += shift;
#endif
        value = select(value, vec4f(0.0), clamps & (value <= vec4f(0.0)));
        y[base + (u32(tile.y) + ${row}u) * params.width + x] = value;
      }
#endfor
    }
  }
#endfor
}
