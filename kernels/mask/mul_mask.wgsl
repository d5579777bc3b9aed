// y(r, c, p) = x(r, c, p) mask(r, p): one mask per RoI for all its channels, no rescaling.
//   x, y: vec4f [r][c4][cells], mask: f32 [r][cells]; bases in elements of f32, multiples of 4
// One cell and channel quad per invocation. Deterministic. With dY for x it is the gradient of x.
// Op: src/nn/ops/mask.ts · twin: src/nn/twins/mask.ts · cases: test/nn/ops/cases/mask.ts

struct Params { quads: u32, cells: u32, first: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> mask: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.cells || gid.y >= params.quads) { return; }
  let at = (gid.z * params.quads + gid.y) * params.cells + gid.x;
  y[params.y_base / 4u + at] =
    x[params.x_base / 4u + at] * mask[(params.first + gid.z) * params.cells + gid.x];
}
