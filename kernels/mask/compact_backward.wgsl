// Gradient of the compact loss: dO = dL (k * gate), gate = 1 where the response is positive
// (0 at exactly 0; RELU 0: everywhere 1), zero padding; k is symmetric.
//   response, dO: f32 [r][h][w], dL: f32 [1]
// One cell per invocation. Deterministic.
// Op: src/nn/ops/compact.ts · twin: src/nn/twins/compact.ts · cases: test/nn/ops/cases/mask.ts
#define RELU 1

struct Params { h: i32, w: i32 }

@group(0) @binding(0) var<storage, read> response: array<f32>;
@group(0) @binding(1) var<storage, read> dL: array<f32>;
@group(0) @binding(2) var<storage, read_write> dO: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn gate(v: f32) -> f32 {
#if RELU
  return select(0.0, 1.0, v > 0.0);
#else
  return 1.0;
#endif
}

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
      neighbours += gate(response[map + iy * params.w + ix]);
    }
  }
  dO[map + cell] = dL[0] * (1.125 * gate(response[map + cell]) - 0.125 * neighbours);
}
