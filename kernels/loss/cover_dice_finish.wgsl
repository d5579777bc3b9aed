// y = mean over the images with t = 1 somewhere of 1 - (2 Σpt + 1) / (Σp + Σt + 1), 0 without such an image, and what the
// loss grows by with p at a pixel: slopes[image] = (at t = 0, more at t = 1).
//   sums: f32[images][3] (Σ p t, Σ p, Σ t), y: f32[1], slopes: f32[images][2]
// One invocation, images in order. Deterministic.
// Op: src/nn/ops/cover-dice.ts · twin: src/nn/twins/cover-dice.ts · cases: test/nn/ops/cases/cover-dice.ts
struct Params { images: u32 }

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  var covered = 0.0;
  for (var n = 0u; n < params.images; n++) {
    covered += select(0.0, 1.0, sums[3u * n + 2u] > 0.0);
  }
  var total = 0.0;
  for (var n = 0u; n < params.images; n++) {
    let both = 2.0 * sums[3u * n] + 1.0;
    let all = sums[3u * n + 1u] + sums[3u * n + 2u] + 1.0;
    let share = select(0.0, 1.0 / max(1.0, covered), sums[3u * n + 2u] > 0.0);
    total += share * (1.0 - both / all);
    slopes[2u * n] = share * both / (all * all);
    slopes[2u * n + 1u] = -share * 2.0 / all;
  }
  y[0] = total;
}
