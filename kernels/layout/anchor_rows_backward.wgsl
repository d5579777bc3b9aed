// dX[n, channel, p] = dY[((n * HW + p) * A + a) * K + k]; pad lanes zero. See anchor_rows.wgsl.
//   dY: f32[N * HW * A][K], dX: vec4f[N][Q][HW] (c4 of K * A channels)
// One pixel and channel quad per invocation. Deterministic.
// Op: src/nn/ops/layout.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params { n: u32, hw: u32, anchors: u32, k: u32, quads: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> dY: array<f32>;
@group(0) @binding(1) var<storage, read_write> dX: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let p = i % params.hw;
  let plane = i / params.hw;
  let q = plane % params.quads;
  let b = plane / params.quads;
  var v = vec4f();
  for (var l = 0u; l < 4u; l++) {
    let c = q * 4u + l;
    if (c < params.k * params.anchors) {
#if INTERLEAVED
      let a = c / params.k;
      let k = c % params.k;
#else
      let a = c % params.anchors;
      let k = c / params.anchors;
#endif
      v[l] = dY[params.y_base + ((b * params.hw + p) * params.anchors + a) * params.k + k];
    }
  }
  dX[params.x_base / 4u + i] = v;
}
