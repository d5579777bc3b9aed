// Straight-through gradient of the hard mask, threshold-centred (docs/spec.md 3.3):
// dH = dM s (1 - s), s = sigmoid(h - tau) with tau of the row held constant.
//   h, dM, dH: f32 [rows][cells], tau: f32 [rows]
// One cell per invocation. Deterministic.
// Op: src/nn/ops/mask.ts · twin: src/nn/twins/mask.ts · cases: test/nn/ops/cases/mask.ts

struct Params { cells: u32 }

@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read> tau: array<f32>;
@group(0) @binding(2) var<storage, read> dM: array<f32>;
@group(0) @binding(3) var<storage, read_write> dH: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.cells) { return; }
  let at = gid.y * params.cells + gid.x;
  // s (1 - s) = e / (1 + e)^2 with e = exp(-|h - tau|), which never overflows.
  let e = exp(-abs(h[at] - tau[gid.y]));
  dH[at] = dM[at] * e / ((1.0 + e) * (1.0 + e));
}
