// y[block * lanes + lane] = factor * sum over j < 64 of x[block * 64 * lanes + j * lanes + lane].
//   x: f32[n], y: f32[m]; lanes is 64, m = floor(n / 4096) * 64 + min(n % 4096, 64), or for n <= 64
//   lanes and m are 1
// One partial sum per invocation, 64 terms at most, in ascending order. Repeated until one element is
// left, the rounding error grows with the logarithm of n. Deterministic.
// Op: src/nn/ops/reduce.ts · twin: src/nn/twins/reduce.ts · cases: test/nn/ops/cases/reduce.ts
#include "grid.wgsl"

struct Params { n: u32, m: u32, lanes: u32, factor: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.m) { return; }
  let first = (i / params.lanes) * 64u * params.lanes + (i % params.lanes);
  var total = 0.0;
  for (var j = 0u; j < 64u; j++) {
    let at = first + j * params.lanes;
    if (at < params.n) { total += x[at]; }
  }
  y[i] = params.factor * total;
}
