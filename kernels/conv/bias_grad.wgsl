// Bias gradient db[c] = sum over n, y, x of g[n, c, y, x], from the gradient's texture.
//   g_map: layer c/4, texel (x, row), rows = N*H stacked;  db: f32[C]
// One workgroup per channel quad: invocation i sums rows i, i + 64, ..; then 64 parts in order.
// Workgroup memory 1 KiB. Deterministic.
// Op: src/nn/ops/conv/backward.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "maps.wgsl"
struct Params { rows: u32, width: u32, channels: u32 }

@group(0) @binding(0) var g_map: READ_MAP;
@group(0) @binding(1) var<storage, read_write> db: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> parts: array<vec4f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var sum = vec4f(0.0);
  for (var row = local; row < params.rows; row += 64u) {
    var line = vec4f(0.0);
    for (var x = 0u; x < params.width; x++) { line += textureLoad(g_map, vec2u(x, row), group.x LEVEL); }
    sum += line;
  }
  parts[local] = sum;
  workgroupBarrier();
  if (local != 0u) { return; }
  var total = vec4f(0.0);
  for (var i = 0u; i < 64u; i++) { total += parts[i]; }
  for (var j = 0u; j < 4u; j++) {
    if (group.x * 4u + j < params.channels) { db[group.x * 4u + j] = total[j]; }
  }
}
