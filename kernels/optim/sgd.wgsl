// SGD with momentum, Caffe's rule (AOFD-SPEC 1.13): g' = g + decay w;
// v = momentum v + rate g'; w = w - v. The learning rate is inside the velocity.
//   w, v: f32 [n], read and written; g (GRAD = 1): f32 [n]; without it the gradient is 0
// One element per invocation. Deterministic.
#include "grid.wgsl"
#define GRAD 1

struct Params { n: u32, rate: f32, momentum: f32, decay: f32 }

@group(0) @binding(0) var<storage, read_write> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> v: array<f32>;
#if GRAD
@group(0) @binding(2) var<storage, read> g: array<f32>;
#endif
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let weight = w[i];
#if GRAD
  let slope = g[i] + params.decay * weight;
#else
  let slope = params.decay * weight;
#endif
  let velocity = params.momentum * v[i] + params.rate * slope;
  v[i] = velocity;
  w[i] = weight - velocity;
}
