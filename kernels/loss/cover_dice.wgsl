// Sums for the Dice loss of what is in the first of two maps and not in the second, of one image:
// stats[i][3 * image ..] = (Σ p t, Σ p, Σ t) over 16 pixels, p = sigmoid(x_0) (1 - sigmoid(x_1)), where t is known.
// Op: src/nn/ops/cover-dice.ts · twin: src/nn/twins/cover-dice.ts · cases: test/nn/ops/cases/cover-dice.ts
// A label holds two bits a map, the first lowest: 0, 1, or unknown (2, 3). t is 1 for (1, 0), 0 where the first is 0 or
// the second 1, else unknown.
//   x: vec4f[pixels] (c4 of 2 channels), labels: u32[pixels], stats: f32[parts][columns]; stat_base: with 3 * image
// Invocation i takes the pixels (i / 64) * 1024 + j * 64 + i % 64, j < 16. A binding begins `base` elements
// before its first pixel. Deterministic.
#include "grid.wgsl"
#include "strided.wgsl"
#include "cover.wgsl"
#include "logistic.wgsl"

struct Params {
  n: u32, pixels: u32, columns: u32, x_base: u32, label_base: u32, stat_base: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> stats: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  var sums = vec3f();
  for (var j = 0u; j < 16u; j++) {
    let pixel = strided_element(i, j);
    if (pixel >= params.pixels) { break; }
    let goal = cover_goal(labels[params.label_base + pixel]);
    if (goal < 0.0) { continue; }
    let at = params.x_base + pixel * 4u;
    let p = logistic(x[at]) * logistic(-x[at + 1u]);
    sums += vec3f(p * goal, p, goal);
  }
  let to = params.stat_base + i * params.columns;
  stats[to] = sums.x;
  stats[to + 1u] = sums.y;
  stats[to + 2u] = sums.z;
}
