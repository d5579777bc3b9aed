// Sum of the responses, of their positive parts when RELU is 1 (docs/spec.md 3.4, Eq. 3).
//   response: f32 [n], total: f32 [1]
// One workgroup: each invocation adds every 64th element, then a tree in workgroup memory (256
// bytes). Deterministic.
// Op: src/nn/ops/compact.ts · twin: src/nn/twins/compact.ts · cases: test/nn/ops/cases/mask.ts
#define RELU 1

struct Params { n: u32 }

@group(0) @binding(0) var<storage, read> response: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.n; i += 64u) {
#if RELU
    sum += max(response[i], 0.0);
#else
    sum += response[i];
#endif
  }
  sums[lane] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  workgroupBarrier();
  if (lane == 0u) { total[0] = sums[0]; }
}
