// A batch of 8-bit RGB pictures into the network's input: y = (value - mean) * factor per channel.
//   pixels: u32 words of bytes, [N][H][W][3] without gaps;  y: vec4f [N][H][W] (c4, three channels)
// BGR 1 swaps the first and third channel; mean and factor are in the order of the output.
// One pixel per invocation. Deterministic.
// Op: src/nn/ops/image.ts · twin: src/nn/twins/image.ts · cases: test/nn/ops/cases/image.ts
#define BGR 0
#include "grid.wgsl"

struct Params { count: u32, mean: vec4f, factor: vec4f }

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

fn byte_at(i: u32) -> f32 {
  return f32((pixels[i / 4u] >> (8u * (i % 4u))) & 255u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.count) { return; }
#if BGR == 1
  let value = vec4f(byte_at(3u * i + 2u), byte_at(3u * i + 1u), byte_at(3u * i), 0.0);
#else
  let value = vec4f(byte_at(3u * i), byte_at(3u * i + 1u), byte_at(3u * i + 2u), 0.0);
#endif
  y[i] = (value - params.mean) * params.factor;
}
