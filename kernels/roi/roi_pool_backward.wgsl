// Gradient of RoI max pooling, owner computes: dX[argmax] += dY over all RoIs and bins in order.
//   dY: f32 [r][c4][bins][4], argmax: u32, same places, rois: f32 [r][5] (only the image is used)
//   dX: f32 [images][quads][h][w][4] of the images image_from and so on and their quads quad_from and
//   so on, x_base elements after the binding's begin; read and written, cleared by the host
// One invocation owns one channel lane of one image and walks through all RoIs of that image, so
// there is no race and the order of the additions is fixed. Deterministic. About ten times
// faster on software adapters than the gather form, which tests every RoI at every pixel.
// Op: src/nn/ops/roi.ts · twin: src/nn/twins/roi.ts · cases: test/nn/ops/cases/roi.ts

struct Params {
  images: u32, image_from: u32, quads: u32, quad_from: u32, quad_count: u32, hw: u32, bins: u32,
  roi_from: u32, roi_count: u32, x_base: u32, y_base: u32, argmax_base: u32,
}

@group(0) @binding(0) var<storage, read> dY: array<f32>;
@group(0) @binding(1) var<storage, read> argmax: array<u32>;
@group(0) @binding(2) var<storage, read> rois: array<f32>;
@group(0) @binding(3) var<storage, read_write> dX: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.quad_count * 4u) { return; }
  let image = params.image_from + gid.y;
  let quad = gid.x >> 2u;
  let lane = gid.x & 3u;
  let plane = params.x_base + (gid.y * params.quad_count + quad) * params.hw * 4u + lane;
  for (var r = 0u; r < params.roi_count; r++) {
    let source = min(u32(max(rois[(params.roi_from + r) * 5u], 0.0)), params.images - 1u);
    if (source != image) { continue; }
    let start = (r * params.quads + params.quad_from + quad) * params.bins * 4u + lane;
    for (var b = 0u; b < params.bins; b++) {
      let k = argmax[params.argmax_base + start + 4u * b];
      if (k != 0xffffffffu) { dX[plane + 4u * k] += dY[params.y_base + start + 4u * b]; }
    }
  }
}
