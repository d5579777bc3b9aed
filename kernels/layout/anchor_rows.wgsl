// y[((n * HW + p) * A + a) * K + k] = x[n, channel, p], one row per anchor in the order n, y, x, a.
//   x: f32[N][Q][HW][4] (c4 of K * A channels), y: f32[N * HW * A][K]
//   channel = k * A + a, or with INTERLEAVED a * K + k
// One element of y per invocation; bindings begin `base` elements before the first image.
// Deterministic.
// Op: src/nn/ops/layout.ts · twin: src/nn/twins/layout.ts · cases: test/nn/ops/cases/layout.ts
#include "grid.wgsl"

struct Params { n: u32, hw: u32, anchors: u32, k: u32, quads: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let k = i % params.k;
  let row = i / params.k;
  let a = row % params.anchors;
  let pixel = row / params.anchors;
  let p = pixel % params.hw;
  let b = pixel / params.hw;
#if INTERLEAVED
  let c = a * params.k + k;
#else
  let c = k * params.anchors + a;
#endif
  y[params.y_base + i] = x[params.x_base + ((b * params.quads + c / 4u) * params.hw + p) * 4u + (c & 3u)];
}
