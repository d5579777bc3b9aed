// Winograd input transform V = Bt d B of a strip of tiles.
//   x_map: layer ci/4, texel (x, n*H + y); outside the map is zero
//   texels: layer f = row*A + column of the frequency, texel ((ci/4)*4L + i, tile panel): 4L tiles a panel
// ADJOINT 1 instead transforms the gradient of the output, dM = A dY At: x_map is dY and a tile is
// its M x M pixels. One tile x one channel quad per invocation. Deterministic.
// Op: src/nn/ops/conv/winograd.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "maps.wgsl"
#define ADJOINT 0
#define TARGET 1
#include "grid.wgsl"
#include "winograd.wgsl"
#include "winograd_tile.wgsl"

struct Params {
  batch: u32,
  height: u32,
  width: u32,
  quads: u32,
  tiles_y: u32,
  tiles_x: u32,
  pad: i32,
  tile_from: u32,
  tiles: u32,
  // Texels of a row and of a layer (texel_target.wgsl).
  pitch: u32,
  layer_pitch: u32,
}

@group(0) @binding(0) var x_map: READ_MAP;
@group(0) @binding(2) var<uniform> params: Params;
#include "texel_target.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.tiles * params.quads) { return; }
  let in_panel = i % ${4 * LANES}u;
  let q = (i / ${4 * LANES}u) % params.quads;
  let panel = i / (${4 * LANES}u * params.quads);
  let tile = tile_at(params.tile_from + panel * ${4 * LANES}u + in_panel, params.tiles_y, params.tiles_x);
  let y0 = tile.y - params.pad;
  let x0 = tile.x - params.pad;
  let exists = tile.n < params.batch;
  let top = i32(tile.n * params.height);
#if ADJOINT == 1
#define SIDE M
#else
#define SIDE A
#endif
#for row in 0..SIDE
  let y_${row} = y0 + ${row};
  let in_${row} = exists && u32(y_${row}) < params.height;
  var d_${row} = array<vec4f, ${SIDE}>(
#for col in 0..SIDE
    select(vec4f(0.0), textureLoad(x_map, vec2i(x0 + ${col}, top + y_${row}), q LEVEL), in_${row} && u32(x0 + ${col}) < params.width),
#endfor
  );
#if ADJOINT == 1
  let t_${row} = output_adjoint(d_${row});
#else
  let t_${row} = input_transform(d_${row});
#endif
#endfor
  let at = vec2u(q * ${4 * LANES}u + in_panel, panel);
#for col in 0..A
  {
#if ADJOINT == 1
    let s = output_adjoint(array<vec4f, ${SIDE}>(
#else
    let s = input_transform(array<vec4f, ${SIDE}>(
#endif
#for row in 0..SIDE
      t_${row}[${col}],
#endfor
    ));
#for row in 0..A
    put(at, ${row * A + col}u, s[${row}]);
#endfor
  }
#endfor
}
