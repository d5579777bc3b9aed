// Moving average in place: shadow = keep shadow + take w.
//   shadow of each slot: T [n], read and written; w: T [n]; T as in quads.wgsl
//   place[slot]: first workgroup, workgroup behind the last, n, 0
// SLOTS parameters in one launch, one T per invocation. Deterministic.
// Op: src/nn/optim/ema.ts · cases: test/nn/optim/optim.test.ts
#define SLOTS 1
#include "quads.wgsl"

struct Params { keep: f32, take: f32, place: array<vec4u, ${SLOTS}> }

#for t in 0..SLOTS
@group(0) @binding(${2 * t}) var<storage, read_write> shadow${t}: array<T>;
@group(0) @binding(${2 * t + 1}) var<storage, read> w${t}: array<T>;
#endfor
@group(0) @binding(${2 * SLOTS}) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * groups.x;
#for t in 0..SLOTS
  if (group >= params.place[${t}].x && group < params.place[${t}].y) {
    let i = (group - params.place[${t}].x) * 64u + lane;
    if (i < params.place[${t}].z) {
      shadow${t}[i] = params.keep * shadow${t}[i] + params.take * w${t}[i];
    }
  }
#endfor
}
