// Gradients of standardize.wgsl. With d = w - mean, s = 1 / sqrt(sum d^2 + 1e-4), per row:
//   dGain = s * sum(dY * d)
//   dW    = gain * s * (dY - sum(dY) / F) - gain * s^3 * sum(dY * d) * d
//   w, dY, dW: f32[O][F] from row `start` on, gain, dGain: f32[O], stats: f32[O][2] = (mean, s)
//   base: elements before the first row in w, dY and dW
// ROW invocations a row (see row_sum.wgsl). Deterministic.
// Op: src/nn/ops/weight.ts · twin: src/nn/twins/weight.ts · cases: test/nn/ops/cases/weight.ts
#if LANES > 0
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
#include "row_sum.wgsl"

struct Params { rows: u32, fan: u32, start: u32, base: u32 }

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> gain: array<f32>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dW: array<f32>;
@group(0) @binding(5) var<storage, read_write> dGain: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3u,
        @builtin(num_workgroups) groups: vec3u) {
  let lane = local % ${ROW}u;
  let row = (group.x + group.y * groups.x) * ${64 / ROW}u + local / ${ROW}u;
  let within = row < params.rows;
  let o = params.start + min(row, params.rows - 1u);
  let at = params.base + row * params.fan;
  let count = select(0u, params.fan, within);
  let mean = stats[2u * o];
  let s = stats[2u * o + 1u];
  var total = 0.0;
  var along = 0.0;
  for (var f = lane; f < count; f += ${ROW}u) {
    let up = dY[at + f];
    total += up;
    along += up * (w[at + f] - mean);
  }
  let dyMean = row_sum(total, lane) / f32(params.fan);
  let dot = row_sum(along, lane);
  if (!within) { return; }
  if (lane == 0u) { dGain[o] = s * dot; }
  let a = gain[o] * s;
  let b = a * s * s * dot;
  for (var f = lane; f < count; f += ${ROW}u) {
    dW[at + f] = a * (dY[at + f] - dyMean) - b * (w[at + f] - mean);
  }
}
