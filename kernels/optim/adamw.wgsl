// AdamW (Loshchilov and Hutter 2019, algorithm 2): m = beta1 m + (1 - beta1) g;
// v = beta2 v + (1 - beta2) g^2; w = w - shrink w - rate m / (sqrt(v correction2) + epsilon).
// The host folds the bias corrections in: rate = lr / (1 - beta1^t), correction2 = 1 / (1 -
// beta2^t), shrink = lr * decay.
//   w, m, v of each slot: T [n], read and written; g: T [n]; T as in quads.wgsl
//   CLIP 1: g times clip[1], clip: f32 [2] as norm.wgsl makes it
//   place[slot]: first workgroup, workgroup behind the last, n, 0; rule[slot]: rate, shrink
// SLOTS parameters in one launch, one T per invocation. Deterministic.
// Op: src/nn/optim/adamw.ts · twin: src/nn/twins/optim.ts · cases: test/nn/optim/optim.test.ts
#define SLOTS 1
#include "quads.wgsl"
#define CLIP 0

struct Params {
  beta1: f32, beta2: f32, rest1: f32, rest2: f32, correction2: f32, epsilon: f32,
  place: array<vec4u, ${SLOTS}>,
  rule: array<vec4f, ${SLOTS}>,
}

#for t in 0..SLOTS
@group(0) @binding(${4 * t}) var<storage, read_write> w${t}: array<T>;
@group(0) @binding(${4 * t + 1}) var<storage, read_write> m${t}: array<T>;
@group(0) @binding(${4 * t + 2}) var<storage, read_write> v${t}: array<T>;
@group(0) @binding(${4 * t + 3}) var<storage, read> g${t}: array<T>;
#endfor
#if CLIP == 1
@group(0) @binding(${4 * SLOTS}) var<storage, read> clip: array<f32, 2>;
@group(0) @binding(${4 * SLOTS + 1}) var<uniform> params: Params;
#else
@group(0) @binding(${4 * SLOTS}) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * groups.x;
#for t in 0..SLOTS
  if (group >= params.place[${t}].x && group < params.place[${t}].y) {
    let i = (group - params.place[${t}].x) * 64u + lane;
    if (i >= params.place[${t}].z) { return; }
#if CLIP == 1
    let slope = clip[1] * g${t}[i];
#else
    let slope = g${t}[i];
#endif
    let mean = params.beta1 * m${t}[i] + params.rest1 * slope;
    let square = params.beta2 * v${t}[i] + params.rest2 * slope * slope;
    m${t}[i] = mean;
    v${t}[i] = square;
    let weight = w${t}[i];
    w${t}[i] = weight - params.rule[${t}].y * weight
      - params.rule[${t}].x * mean / (sqrt(square * params.correction2) + params.epsilon);
  }
#endfor
}
