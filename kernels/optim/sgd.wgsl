// SGD with momentum, Caffe's rule (docs/spec.md 1.13): g' = g + decay w;
// v = momentum v + rate g'; w = w - v. The learning rate is inside the velocity.
//   w, v: T [n], read and written; g (GRAD = 1): T [n]; without it the gradient is 0
//   T as in quads.wgsl; CLIP 1: g times clip[1], clip: f32 [2] as norm.wgsl makes it
// One T per invocation. Deterministic.
// Op: src/nn/optim/sgd.ts · twin: src/nn/twins/optim.ts · cases: test/nn/optim/optim.test.ts
#include "grid.wgsl"
#define GRAD 1
#define CLIP 0
#include "quads.wgsl"

struct Params { n: u32, rate: f32, momentum: f32, decay: f32 }

@group(0) @binding(0) var<storage, read_write> w: array<T>;
@group(0) @binding(1) var<storage, read_write> v: array<T>;
#if GRAD
@group(0) @binding(2) var<storage, read> g: array<T>;
#endif
#if CLIP
@group(0) @binding(3) var<storage, read> clip: array<f32, 2>;
#endif
@group(0) @binding(${3 + CLIP}) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let weight = w[i];
#if GRAD && CLIP
  let slope = clip[1] * g[i] + params.decay * weight;
#elif GRAD
  let slope = g[i] + params.decay * weight;
#else
  let slope = params.decay * weight;
#endif
  let velocity = params.momentum * v[i] + params.rate * slope;
  v[i] = velocity;
  w[i] = weight - velocity;
}
