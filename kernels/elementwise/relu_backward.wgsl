// dX = dY where y > 0, else 0, elementwise over storage order.
//   y: f32[n], the output of relu;  dY, dX: f32[n]
// One T per invocation, f32 or (n a multiple of 4) vec4f; params.n counts Ts. Deterministic.
// Op: src/nn/ops/elementwise.ts · twin: src/nn/twins/elementwise.ts · cases: test/nn/ops/cases/elementwise.ts
#include "quads.wgsl"
#include "grid.wgsl"

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> y: array<T>;
@group(0) @binding(1) var<storage, read> dY: array<T>;
@group(0) @binding(2) var<storage, read_write> dX: array<T>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  dX[i] = select(T(), dY[i], y[i] > T());
}
