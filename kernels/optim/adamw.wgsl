// AdamW (Loshchilov and Hutter 2019, algorithm 2): m = beta1 m + (1 - beta1) g;
// v = beta2 v + (1 - beta2) g^2; w = w - shrink w - rate m / (sqrt(v correction2) + epsilon).
// The host folds the bias corrections in: rate = lr / (1 - beta1^t), correction2 = 1 / (1 -
// beta2^t), shrink = lr * decay.
//   w, m, v of each slot: f32 [n], read and written; g: f32 [n]
//   place[slot]: first workgroup, workgroup behind the last, n, 0; rule[slot]: rate, shrink
// SLOTS parameters in one launch, one element per invocation. Deterministic.
#define SLOTS 1

struct Params {
  beta1: f32, beta2: f32, rest1: f32, rest2: f32, correction2: f32, epsilon: f32,
  place: array<vec4u, ${SLOTS}>,
  rule: array<vec4f, ${SLOTS}>,
}

#for t in 0..SLOTS
@group(0) @binding(${4 * t}) var<storage, read_write> w${t}: array<f32>;
@group(0) @binding(${4 * t + 1}) var<storage, read_write> m${t}: array<f32>;
@group(0) @binding(${4 * t + 2}) var<storage, read_write> v${t}: array<f32>;
@group(0) @binding(${4 * t + 3}) var<storage, read> g${t}: array<f32>;
#endfor
@group(0) @binding(${4 * SLOTS}) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * groups.x;
#for t in 0..SLOTS
  if (group >= params.place[${t}].x && group < params.place[${t}].y) {
    let i = (group - params.place[${t}].x) * 64u + lane;
    if (i >= params.place[${t}].z) { return; }
    let slope = g${t}[i];
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
