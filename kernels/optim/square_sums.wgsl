// Partial sums of squares: sums(first + workgroup) = sum of x^2 over the workgroup's 4096
// consecutive T of its slot.
//   x of each slot: T [n], T as in quads.wgsl; sums: f32 [places]
//   place[slot]: first workgroup, workgroup behind the last, n, 0
// SLOTS tensors in one launch. One workgroup of 64: each invocation adds every 64th element of the
// range, then a tree in workgroup memory (256 bytes). Deterministic.
// Op: src/nn/optim/clip.ts · cases: test/nn/optim/optim.test.ts
#define SLOTS 1
#include "quads.wgsl"

struct Params { first: u32, place: array<vec4u, ${SLOTS}> }

#for t in 0..SLOTS
@group(0) @binding(${t}) var<storage, read> x${t}: array<T>;
#endfor
@group(0) @binding(${SLOTS}) var<storage, read_write> sums: array<f32>;
@group(0) @binding(${SLOTS + 1}) var<uniform> params: Params;

var<workgroup> tree: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * groups.x;
  var sum = 0.0;
#for t in 0..SLOTS
  if (group >= params.place[${t}].x && group < params.place[${t}].y) {
    let begin = (group - params.place[${t}].x) * 4096u;
    let end = min(begin + 4096u, params.place[${t}].z);
    for (var i = begin + lane; i < end; i += 64u) {
      let v = x${t}[i];
#if QUADS == 1
      sum += dot(v, v);
#else
      sum += v * v;
#endif
    }
  }
#endfor
  tree[lane] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  workgroupBarrier();
  // A folded grid may have workgroups behind the last slot.
  if (lane == 0u && group < params.place[${SLOTS - 1}].y) { sums[params.first + group] = tree[0]; }
}
