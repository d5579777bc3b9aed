// Gradients of standardize.wgsl. With d = w - mean, s = 1 / sqrt(sum d^2 + 1e-4), per row:
//   dGain = s * sum(dY * d)
//   dW    = gain * s * (dY - sum(dY) / F) - gain * s^3 * sum(dY * d) * d
//   w, dY, dW: f32[O][F] from row `start` on, gain, dGain: f32[O]; base*: elements before the first row
// One row per workgroup. Deterministic.
#include "row_sum.wgsl"

struct Params { rows: u32, fan: u32, start: u32, baseW: u32, baseDY: u32, baseDW: u32 }

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> gain: array<f32>;
@group(0) @binding(2) var<storage, read> dY: array<f32>;
@group(0) @binding(3) var<storage, read_write> dW: array<f32>;
@group(0) @binding(4) var<storage, read_write> dGain: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u,
        @builtin(num_workgroups) groups: vec3u) {
  let row = group.x + group.y * groups.x;
  let within = row < params.rows;
  let at = params.baseW + row * params.fan;
  let up = params.baseDY + row * params.fan;
  let count = select(0u, params.fan, within);
  var part = 0.0;
  var dyPart = 0.0;
  for (var f = lane; f < count; f += 64u) {
    part += w[at + f];
    dyPart += dY[up + f];
  }
  let mean = row_sum(part, lane) / f32(params.fan);
  let dyMean = row_sum(dyPart, lane) / f32(params.fan);
  part = 0.0;
  dyPart = 0.0;
  for (var f = lane; f < count; f += 64u) {
    let d = w[at + f] - mean;
    part += d * d;
    dyPart += d * dY[up + f];
  }
  let s = inverseSqrt(row_sum(part, lane) + 1e-4);
  let dot = row_sum(dyPart, lane);
  if (!within) { return; }
  let g = gain[params.start + row];
  if (lane == 0u) { dGain[params.start + row] = s * dot; }
  let a = g * s;
  let b = g * s * s * s * dot;
  let to = params.baseDW + row * params.fan;
  for (var f = lane; f < count; f += 64u) {
    dW[to + f] = a * (dY[up + f] - dyMean) - b * (w[at + f] - mean);
  }
}
