// Winograd output transform Y = At m A of a strip of tiles, with bias and ReLU.
//   m_map: layer f, texel (tile - tile_from, co/4) = channels 4*(co/4)..+3
//   y:     vec4f [n][co/4][OH][OW]
// POOL 1 goes on with the 2x2 max pool of stride 2 (windows over the border clipped): tiles start at
// even places, so a window lies in one tile, and the map of full size is never written.
// One tile x one channel quad per invocation; quads quad_from..quad_to of images image_from.. are
// written (windows of a large output). Deterministic.
// Op: src/nn/ops/conv/winograd.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "maps.wgsl"
#define BIAS 0
#define POOL 0
#include "grid.wgsl"
#include "winograd.wgsl"
#include "winograd_tile.wgsl"

struct Params {
  batch: u32,
  image_from: u32,
  // Size of the convolution's result, and of y: the same, or that of the pool.
  height: u32,
  width: u32,
  out_h: u32,
  out_w: u32,
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

@group(0) @binding(0) var m_map: READ_MAP;
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
    textureLoad(m_map, vec2u(local, q), ${row * A + col} LEVEL),
#endfor
  ));
#endfor
#if BIAS == 1
  let last = params.channels - 1u;
  let c = q * 4u;
  let in_range = vec4u(c, c + 1u, c + 2u, c + 3u) <= vec4u(last);
  let shift = select(vec4f(0.0), vec4f(bias[min(c, last)], bias[min(c + 1u, last)], bias[min(c + 2u, last)], bias[min(c + 3u, last)]), in_range);
#endif
  let base = params.y_base + ((tile.n - params.image_from) * params.quads + q - params.quad_from) * params.out_h * params.out_w;
#if POOL == 1
#for col in 0..M
  let s_${col} = output_transform(array<vec4f, ${A}>(
#for row in 0..A
    t_${row}[${col}],
#endfor
  ));
#endfor
  let px = u32(tile.x) / 2u;
  let py = u32(tile.y) / 2u;
#for col in 0..M / 2
  let right_${col} = vec4<bool>(u32(tile.x) + ${2 * col + 1}u < params.width);
#for row in 0..M / 2
  if (px + ${col}u < params.out_w && py + ${row}u < params.out_h) {
    let below = vec4<bool>(u32(tile.y) + ${2 * row + 1}u < params.height);
    var value = s_${2 * col}[${2 * row}];
    value = select(value, max(value, s_${2 * col + 1}[${2 * row}]), right_${col});
    let low = select(s_${2 * col}[${2 * row + 1}], max(s_${2 * col}[${2 * row + 1}], s_${2 * col + 1}[${2 * row + 1}]), right_${col});
    value = select(value, max(value, low), below);
    // Adding a bias and clamping keep the order of values: the maximum first is the same, and cheaper.
#if BIAS == 1
    value += shift;
#endif
    value = select(value, vec4f(0.0), clamps & (value <= vec4f(0.0)));
    y[base + (py + ${row}u) * params.out_w + px + ${col}u] = value;
  }
#endfor
#endfor
#else
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
#endif
}
