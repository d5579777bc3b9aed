// Last step of the Winograd weight gradient: dW = Gt dU G.
//   du: f32 [f][co][ci_padded], `stride` elements between frequencies
//   dw: f32 (O, I, 3, 3)
// One (co, ci) per invocation. Deterministic.
// Op: src/nn/ops/conv/winograd.ts · twin: src/nn/twins/conv.ts · cases: test/nn/ops/cases/conv.ts
#include "grid.wgsl"
#include "winograd.wgsl"

struct Params { channels_out: u32, channels_in: u32, row_stride: u32, stride: u32 }

@group(0) @binding(0) var<storage, read> du: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.channels_out * params.channels_in) { return; }
  let at = (i / params.channels_in) * params.row_stride + i % params.channels_in;
  // Rows first: r[a] holds the row-transformed frequencies a*A .. a*A + A - 1. A loop, since
  // straight-line buffer loads compile in quadratic time on software adapters.
  var rows: array<vec3f, ${A}>;
  for (var a = 0u; a < ${A}u; a++) {
    let start = a * ${A}u * params.stride + at;
    rows[a] = weight_adjoint(array<f32, ${A}>(
#for b in 0..A
      du[start + ${b}u * params.stride],
#endfor
    ));
  }
#for col in 0..3
  {
    let s = weight_adjoint(array<f32, ${A}>(
#for a in 0..A
      rows[${a}][${col}],
#endfor
    ));
    dw[i * 9u + ${col}u] = s.x;
    dw[i * 9u + ${3 + col}u] = s.y;
    dw[i * 9u + ${6 + col}u] = s.z;
  }
#endfor
}
