// Scaled weight standardisation (Brock et al., arXiv 2101.08692, eq. 2), per output row o:
//   y[o] = gain[o] * (w[o] - mean) / sqrt(sum (w[o] - mean)^2 + 1e-4)
//   stats[o] = (mean, 1 / that root), for the gradient
//   w, y: f32[O][F] from row `start` on, gain: f32[O], stats: f32[O][2]
//   base: elements before the first row in w and y
// ROW invocations a row (see row_sum.wgsl); the mean is taken first, then the deviations, so nothing cancels.
// Deterministic.
// Op: src/nn/ops/weight.ts · twin: src/nn/twins/weight.ts · cases: test/nn/ops/cases/weight.ts
#if LANES > 0
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "row_sum.wgsl"

struct Params { rows: u32, fan: u32, start: u32, base: u32 }

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> gain: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> stats: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u,
        @builtin(num_workgroups) groups: vec3u) {
  let lane = local % ${ROW}u;
  let row = (group.x + group.y * groups.x) * ${64 / ROW}u + local / ${ROW}u;
  let within = row < params.rows;
  let at = params.base + row * params.fan;
  let count = select(0u, params.fan, within);
  var part = 0.0;
  for (var f = lane; f < count; f += ${ROW}u) { part += w[at + f]; }
  let mean = row_sum(part, lane) / f32(params.fan);
  part = 0.0;
  for (var f = lane; f < count; f += ${ROW}u) {
    let d = w[at + f] - mean;
    part += d * d;
  }
  let square = row_sum(part, lane);
  if (!within) { return; }
  let o = params.start + row;
  let s = 1.0 / sqrt(square + 1e-4);
  if (lane == 0u) {
    stats[2u * o] = mean;
    stats[2u * o + 1u] = s;
  }
  let factor = gain[o] * s;
  for (var f = lane; f < count; f += ${ROW}u) {
    y[at + f] = factor * (w[at + f] - mean);
  }
}
