// AdamW (Loshchilov and Hutter 2019, algorithm 2): m = beta1 m + (1 - beta1) g;
// v = beta2 v + (1 - beta2) g^2; w = w - shrink w - rate m / (sqrt(v correction2) + epsilon).
// The host folds the bias corrections in: rate = lr / (1 - beta1^t), correction2 = 1 / (1 -
// beta2^t), shrink = lr * decay.
//   w, m, v: f32 [n], read and written; g: f32 [n]
// One element per invocation. Deterministic.
#include "grid.wgsl"

struct Params {
  n: u32, rate: f32, beta1: f32, beta2: f32, rest1: f32, rest2: f32, correction2: f32,
  epsilon: f32, shrink: f32,
}

@group(0) @binding(0) var<storage, read_write> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> m: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let slope = g[i];
  let mean = params.beta1 * m[i] + params.rest1 * slope;
  let square = params.beta2 * v[i] + params.rest2 * slope * slope;
  m[i] = mean;
  v[i] = square;
  let weight = w[i];
  w[i] = weight - params.shrink * weight
    - params.rate * mean / (sqrt(square * params.correction2) + params.epsilon);
}
