// In place: x = factor[offset] x, with the factor computed on the device.
//   x of each slot: T [n], read and written; T as in quads.wgsl; factor: f32 [any]
//   place[slot]: first workgroup, workgroup behind the last, n, 0
// SLOTS tensors in one launch, one T per invocation. Deterministic.
// Op: src/nn/optim/clip.ts · cases: test/nn/optim/optim.test.ts
#define SLOTS 1
#include "quads.wgsl"

struct Params { offset: u32, place: array<vec4u, ${SLOTS}> }

#for t in 0..SLOTS
@group(0) @binding(${t}) var<storage, read_write> x${t}: array<T>;
#endfor
@group(0) @binding(${SLOTS}) var<storage, read> factor: array<f32>;
@group(0) @binding(${SLOTS + 1}) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * groups.x;
  let by = factor[params.offset];
#for t in 0..SLOTS
  if (group >= params.place[${t}].x && group < params.place[${t}].y) {
    let i = (group - params.place[${t}].x) * 64u + lane;
    if (i < params.place[${t}].z) { x${t}[i] = by * x${t}[i]; }
  }
#endfor
}
