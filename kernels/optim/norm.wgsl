// norm(0) = sqrt(sum of sums); norm(1) = the factor that clips to `limit`:
// min(1, limit / (norm + 1e-6)).
//   sums: f32 [n] from square_sums, norm: f32 [2]
// One workgroup: each invocation adds every 64th place, then a tree in workgroup memory (256
// bytes). Deterministic.
// Op: src/nn/optim/clip.ts · cases: test/nn/optim/optim.test.ts

struct Params { n: u32, limit: f32 }

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> tree: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.n; i += 64u) { sum += sums[i]; }
  tree[lane] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  workgroupBarrier();
  if (lane == 0u) {
    let length = sqrt(tree[0]);
    norm[0] = length;
    norm[1] = min(1.0, params.limit / (length + 1e-6));
  }
}
