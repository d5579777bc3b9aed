// Inverted dropout: y = x * keep / (1 - p), keep = (uniform(seed, stream, position) >= p).
//   x, y: f32[n], storage order; `position` is the element's place in the whole tensor, start + i
// The same kernel is its own gradient: dX = dropout(dY). A function of (seed, stream, position) only.
// One element per invocation. Deterministic.
// Op: src/nn/ops/dropout.ts · twin: src/nn/twins/dropout.ts · cases: test/nn/ops/cases/dropout.ts
#include "grid.wgsl"
#include "random.wgsl"

struct Params { n: u32, start: u32, seed: u32, stream: u32, p: f32, factor: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let u = uniform01(random_u32(params.seed, params.stream, params.start + i, 0u));
  y[i] = select(x[i] * params.factor, 0.0, u < params.p);
}
