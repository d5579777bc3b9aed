// Gradient of the mask in mul_mask: dM(r, p) = sum over channels of x(r, c, p) dY(r, c, p).
//   x, dY: f32 [r][c4][cells][4] (channel padding is 0), dM: f32 [r][cells]
// One cell per invocation, channels in order. Deterministic.
// Op: src/nn/ops/mask.ts · twin: src/nn/twins/mask.ts · cases: test/nn/ops/cases/mask.ts

struct Params { quads: u32, cells: u32, first: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read_write> dM: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.cells) { return; }
  var sum = 0.0;
  for (var q = 0u; q < params.quads; q++) {
    let at = ((gid.y * params.quads + q) * params.cells + gid.x) * 4u;
    for (var lane = 0u; lane < 4u; lane++) {
      sum += x[params.x_base + at + lane] * dY[params.y_base + at + lane];
    }
  }
  dM[(params.first + gid.y) * params.cells + gid.x] = sum;
}
