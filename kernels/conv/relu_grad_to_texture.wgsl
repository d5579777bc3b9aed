// Gradient before a fused ReLU, straight into the texture that the convolution's gradients read:
//   g = dy where y > 0, else 0
//   dy: f32 [N][C/4][H][W][4], from element `base` of the binding on;  y: the same as buffer, or with
//   Y_MAP 1 its texture mirror;  texels: layer c/4, texel (x, n*H + y)
// One texel per invocation. Deterministic.
// Op: src/nn/ops/conv/backward.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "maps.wgsl"
#define Y_MAP 0
#define TARGET 2
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

@group(0) @binding(0) var<storage, read> dy: array<f32>;
#if Y_MAP == 1
@group(0) @binding(1) var y: READ_MAP;
#else
@group(0) @binding(1) var<storage, read> y: array<f32>;
#endif
@group(0) @binding(3) var<uniform> params: Params;
#include "texel_target.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  let plane = params.height * params.width;
  if (i >= params.count * plane) { return; }
  let q = params.quad_from + i / plane;
  let pixel = i % plane;
  let quad = q % params.quads;
  let at = params.base + 4u * i;
  let g = vec4f(dy[at], dy[at + 1u], dy[at + 2u], dy[at + 3u]);
  let texel = vec2u(pixel % params.width, (q / params.quads) * params.height + pixel / params.width);
#if Y_MAP == 1
  let v = textureLoad(y, texel, quad LEVEL);
#else
  let v = vec4f(y[at], y[at + 1u], y[at + 2u], y[at + 3u]);
#endif
  put(texel, quad, select(vec4f(0.0), g, v > vec4f(0.0)));
}
