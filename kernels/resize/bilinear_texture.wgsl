// Bilinear upsampling as in bilinear.wgsl, reading the map's texture mirror: half of the load
// cost on lavapipe.
//   x_map: texel (x, image * h + y), layer = channel quad; y: vec4f [plane][oh][ow]
// One channel quad of one output pixel per invocation. Deterministic.
// Op: src/nn/ops/upsample.ts · twin: src/nn/twins/upsample.ts · cases: test/nn/ops/cases/upsample.ts
#include "maps.wgsl"

struct Params {
  h: u32, w: u32, oh: u32, ow: u32, first_plane: u32, quads: u32, y_base: u32, inverse: f32,
}

@group(0) @binding(0) var x_map: READ_MAP;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let ox = gid.x;
  let oy = gid.y;
  if (ox >= params.ow || oy >= params.oh) { return; }
  let plane = params.first_plane + gid.z;
  let image = plane / params.quads;
  let layer = plane - image * params.quads;
  let sy = clamp((f32(oy) + 0.5) * params.inverse - 0.5, 0.0, f32(params.h - 1u));
  let sx = clamp((f32(ox) + 0.5) * params.inverse - 0.5, 0.0, f32(params.w - 1u));
  let left = u32(sx);
  let right = min(left + 1u, params.w - 1u);
  let row = u32(sy);
  let fy = sy - f32(row);
  let fx = sx - f32(left);
  let top = image * params.h + row;
  let bottom = image * params.h + min(row + 1u, params.h - 1u);
  let high = mix(textureLoad(x_map, vec2u(left, top), layer LEVEL), textureLoad(x_map, vec2u(right, top), layer LEVEL), fx);
  let low = mix(textureLoad(x_map, vec2u(left, bottom), layer LEVEL), textureLoad(x_map, vec2u(right, bottom), layer LEVEL), fx);
  y[params.y_base / 4u + (gid.z * params.oh + oy) * params.ow + ox] = mix(high, low, fy);
}
