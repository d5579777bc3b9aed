// Partial sums of squares: sums(first + workgroup) = sum of x^2 over the workgroup's 4096
// consecutive elements.
//   x: f32 [n], sums: f32 [places]
// One workgroup of 64: each invocation adds every 64th element of the range, then a tree in
// workgroup memory (256 bytes). Deterministic.

struct Params { n: u32, first: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> tree: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var sum = 0.0;
  let end = min((group.x + 1u) * 4096u, params.n);
  for (var i = group.x * 4096u + lane; i < end; i += 64u) {
    let v = x[i];
    sum += v * v;
  }
  tree[lane] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  workgroupBarrier();
  if (lane == 0u) { sums[params.first + group.x] = tree[0]; }
}
