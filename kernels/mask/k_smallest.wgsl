// Hard mask of the mask generator (docs/spec.md 3.2): 0 at the k smallest of each row, else 1; of
// equal values the lower index is taken first. tau = mean of the k-th and the (k+1)-th smallest.
//   h, mask: f32 [rows][cells], tau: f32 [rows]
// One cell per invocation: it counts the cells that come before it in the order. Deterministic.
// Op: src/nn/ops/mask.ts · twin: src/nn/twins/mask.ts · cases: test/nn/ops/cases/mask.ts

struct Params { cells: u32, k: u32 }

@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read_write> mask: array<f32>;
@group(0) @binding(2) var<storage, read_write> tau: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let i = gid.x;
  if (i >= params.cells) { return; }
  let row = gid.y * params.cells;
  let v = h[row + i];
  var rank = 0u;
  var next = 3.4e38;
  for (var j = 0u; j < params.cells; j++) {
    let u = h[row + j];
    if (u < v || (u == v && j < i)) {
      rank++;
    } else if (j != i) {
      next = min(next, u);
    }
  }
  mask[row + i] = select(1.0, 0.0, rank < params.k);
  if (rank + 1u == params.k) { tau[gid.y] = 0.5 * (v + next); }
}
