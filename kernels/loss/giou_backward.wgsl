// Gradient of giou.wgsl: dPred = dY * weight * d(2 - I/U - U/C)/dPred.
//   pred, goal, dPred: f32[n*4], weight: f32[n], dY: f32[1]; see giou.wgsl
// By the corners of the predicted box, each axis with the other's sides as factors: dI is -+ the other side of
// the intersection where the predicted corner bounds it, dC alike for the hull, d(area) always; dU = d(area) - dI.
// Then centre = low + high, half side = (high - low) / 2; a capped side gets no gradient. Where corners are
// equal the predicted one counts as bounding neither. One row per invocation. Deterministic.
// Op: src/nn/ops/box-loss.ts · twin: src/nn/twins/loss.ts · cases: test/nn/ops/cases/loss.ts
#include "grid.wgsl"
#include "coded_box.wgsl"

struct Params { n: u32, cap: f32, stds: vec4f }

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> dY: array<f32>;
@group(0) @binding(4) var<storage, read_write> dPred: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.n) { return; }
  let factor = weight[i];
  var slope = vec4f(0.0);
  if (factor != 0.0) {
    let code = vec4f(pred[4u * i], pred[4u * i + 1u], pred[4u * i + 2u], pred[4u * i + 3u]);
    let p = coded_box(code, params.stds, params.cap);
    let g = coded_box(vec4f(goal[4u * i], goal[4u * i + 1u], goal[4u * i + 2u], goal[4u * i + 3u]), params.stds, params.cap);
    let o = overlap_of(p, g);
    // Of the loss by I, by U and by C; an empty intersection has no gradient.
    let by_shared = -1.0 / o.joint;
    let by_joint = o.shared_area / (o.joint * o.joint) - 1.0 / o.hull;
    let by_hull = o.joint / (o.hull * o.hull);
    let has_shared = all(o.inner > vec2f(0.0));
    let zero = vec2f(0.0);
    let shared_high = select(zero, o.inner.yx, (p.high < g.high) & vec2<bool>(has_shared));
    let shared_low = select(zero, -o.inner.yx, (p.low > g.low) & vec2<bool>(has_shared));
    let hull_high = select(zero, o.outer.yx, p.high > g.high);
    let hull_low = select(zero, -o.outer.yx, p.low < g.low);
    let high = by_shared * shared_high + by_joint * (o.sides.yx - shared_high) + by_hull * hull_high;
    let low = by_shared * shared_low + by_joint * (-o.sides.yx - shared_low) + by_hull * hull_low;
    let is_free = code.zw * params.stds.zw < vec2f(params.cap);
    let centre = params.stds.xy * (low + high);
    let size = select(zero, params.stds.zw * o.sides * 0.5 * (high - low), is_free);
    slope = dY[0] * factor * vec4f(centre, size);
  }
  dPred[4u * i] = slope.x;
  dPred[4u * i + 1u] = slope.y;
  dPred[4u * i + 2u] = slope.z;
  dPred[4u * i + 3u] = slope.w;
}
