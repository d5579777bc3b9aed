// First stage of the sum over pixels: y[plane][block * 64 + lane] = sum over j < 64 of
// x[plane][block * 4096 + j * 64 + lane], lanes being (pixel % 16, channel % 4).
//   x: f32[planes][HW][4] (c4), y: f32[planes][blocks][16][4]: c4 again, with 16 * blocks pixels
//   x_base, y_base: elements before the first plane
// One partial sum per invocation. Repeated until at most 64 pixels are left. Deterministic.
// Op: src/nn/ops/reduce.ts · twin: src/nn/twins/reduce.ts · cases: test/nn/ops/cases/reduce.ts
#include "grid.wgsl"

struct Params { n: u32, hw: u32, blocks: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let lane = i % 64u;
  let block = (i / 64u) % params.blocks;
  let plane = i / (64u * params.blocks);
  let size = 4u * params.hw;
  let start = params.x_base + plane * size;
  var total = 0.0;
  for (var j = 0u; j < 64u; j++) {
    let at = block * 4096u + j * 64u + lane;
    if (at < size) { total += x[start + at]; }
  }
  y[params.y_base + i] = total;
}
