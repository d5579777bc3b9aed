// Edge response of an occlusion map: o * k with the 3x3 kernel of centre 1 and others -1/8, zero
// padding (docs/spec.md 3.4). For 0/1 maps every value is a multiple of 1/8, exact in f32.
//   o, response: f32 [r][h][w]
// One cell per invocation. Deterministic.
// Op: src/nn/ops/compact.ts · twin: src/nn/twins/compact.ts · cases: test/nn/ops/cases/mask.ts

struct Params { h: i32, w: i32 }

@group(0) @binding(0) var<storage, read> o: array<f32>;
@group(0) @binding(1) var<storage, read_write> response: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let cell = i32(gid.x);
  if (cell >= params.h * params.w) { return; }
  let map = i32(gid.y) * params.h * params.w;
  let cy = cell / params.w;
  let cx = cell - cy * params.w;
  var neighbours = 0.0;
  for (var iy = max(cy - 1, 0); iy <= min(cy + 1, params.h - 1); iy++) {
    for (var ix = max(cx - 1, 0); ix <= min(cx + 1, params.w - 1); ix++) {
      neighbours += o[map + iy * params.w + ix];
    }
  }
  // 9/8 of the centre undoes the centre's own part of the sum.
  response[map + cell] = 1.125 * o[map + cell] - 0.125 * neighbours;
}
