// A c4 map's buffer into its texture mirror, `texels`: layer c/4, texel (x, n*H + y) = channels 4*(c/4)..+3.
//   x: f32 [N][C/4][H][W][4], from element `base` of the binding on
// One texel per invocation; used where rows are no multiple of 256 bytes and a plain copy cannot.
// Scalar loads: four cost no more than one vec4 load on lavapipe, less on SwiftShader. Deterministic.
// Op: src/nn/ops/texture.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#define TARGET 1
#include "grid.wgsl"

struct Params {
  quad_from: u32,
  count: u32,
  quads: u32,
  height: u32,
  width: u32,
  base: u32,
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
  let plane = params.height * params.width;
  if (i >= params.count * plane) { return; }
  let q = params.quad_from + i / plane;
  let pixel = i % plane;
  let row = (q / params.quads) * params.height + pixel / params.width;
  let at = params.base + 4u * i;
  let value = vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
  put(vec2u(pixel % params.width, row), q % params.quads, value);
}
