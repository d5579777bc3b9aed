// An 8-bit picture into the network's input (docs/spec.md 1.2): bilinear resize at the positions of
// `axes`, channel order, (value - mean) * factor; zero where x >= content_w or y >= content_h.
//   pixels: u32 words of bytes, CHANNELS (3 or 4) per pixel, rows without gaps; the 4th is ignored
//   axes:   u32[(content_w + content_h)][3]: low and high source index, bits of high's f32 weight;
//           columns first
//   y:      vec4f [H][W] (c4, three channels), rows row_from.. , the first at y[base]
// BGR 1 swaps the first and third channel; mean and factor are in the order of the output.
// One pixel per invocation. Deterministic.
#define BGR 0
#define CHANNELS 3
#include "grid.wgsl"

struct Params {
  source_w: u32,
  content_w: u32,
  content_h: u32,
  width: u32,
  row_from: u32,
  count: u32,
  base: u32,
  mean: vec4f,
  factor: vec4f,
}

@group(0) @binding(0) var<storage, read> pixels: array<u32>;
@group(0) @binding(1) var<storage, read> axes: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn byte_at(i: u32) -> f32 {
  return f32((pixels[i / 4u] >> (8u * (i % 4u))) & 255u);
}

fn pixel_at(row: u32, column: u32) -> vec3f {
  let i = (row * params.source_w + column) * ${CHANNELS}u;
#if CHANNELS == 4
  let word = pixels[i / 4u];
  return vec3f(f32(word & 255u), f32((word >> 8u) & 255u), f32((word >> 16u) & 255u));
#else
  return vec3f(byte_at(i), byte_at(i + 1u), byte_at(i + 2u));
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.count) { return; }
  let row = params.row_from + i / params.width;
  let column = i % params.width;
  if (row >= params.content_h || column >= params.content_w) {
    y[params.base + i] = vec4f(0.0);
    return;
  }
  let ax = column * 3u;
  let ay = (params.content_w + row) * 3u;
  let wx = bitcast<f32>(axes[ax + 2u]);
  let wy = bitcast<f32>(axes[ay + 2u]);
  var sides: array<vec3f, 2>;
  for (var side = 0u; side < 2u; side++) {
    let line = axes[ay + side];
    let left = pixel_at(line, axes[ax]);
    sides[side] = left + wx * (pixel_at(line, axes[ax + 1u]) - left);
  }
  let colour = sides[0] + wy * (sides[1] - sides[0]);
#if BGR == 1
  let ordered = colour.zyx;
#else
  let ordered = colour;
#endif
  y[params.base + i] = vec4f((ordered - params.mean.xyz) * params.factor.xyz, 0.0);
}
