// Gradient of roi/roi_align, owner computes: each point of a bin gives its bin's dY / SAMPLES² to the four
// cells around it, RoIs, bins and points in order.
// Op: src/nn/ops/roi-align.ts · twin: src/nn/twins/roi-align.ts · cases: test/nn/ops/cases/roi-align.ts
//   dY: f32 [r][c4][SIZE][SIZE][4], rois: f32 [r][5]
//   dX: f32 [images][quads][h][w][4] of the images image_from and so on and their quads quad_from and
//   so on, x_base elements after the binding's begin; read and written, cleared by the host
// One invocation owns one channel lane of one image and walks through all RoIs of that image, so there is
// no race and the order of the additions is fixed. Deterministic.
#include "roi_align.wgsl"
#define SIZE 7
#define SAMPLES 2

struct Params {
  images: u32, image_from: u32, quads: u32, quad_from: u32, quad_count: u32, h: i32, w: i32,
  roi_from: u32, roi_count: u32, x_base: u32, y_base: u32, scale: f32,
}

@group(0) @binding(0) var<storage, read> dY: array<f32>;
@group(0) @binding(1) var<storage, read> rois: array<f32>;
@group(0) @binding(2) var<storage, read_write> dX: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.quad_count * 4u) { return; }
  let image = params.image_from + gid.y;
  let quad = gid.x >> 2u;
  let lane = gid.x & 3u;
  let plane = params.x_base + (gid.y * params.quad_count + quad) * u32(params.h * params.w) * 4u + lane;
  for (var r = 0u; r < params.roi_count; r++) {
    let at = (params.roi_from + r) * 5u;
    if (min(u32(max(rois[at], 0.0)), params.images - 1u) != image) { continue; }
    let across = span(rois[at + 1u], rois[at + 3u], params.scale, ${SIZE}.0);
    let down = span(rois[at + 2u], rois[at + 4u], params.scale, ${SIZE}.0);
    let start = params.y_base + (r * params.quads + params.quad_from + quad) * ${SIZE * SIZE}u * 4u + lane;
    for (var py = 0u; py < ${SIZE}u; py++) {
      for (var sy = 0u; sy < ${SAMPLES}u; sy++) {
        let row = tap(down, f32(py) + (f32(sy) + 0.5) / ${SAMPLES}.0, params.h);
        let low = plane + u32(row.low * params.w) * 4u;
        let high = plane + u32(row.high * params.w) * 4u;
        for (var px = 0u; px < ${SIZE}u; px++) {
          let g = dY[start + (py * ${SIZE}u + px) * 4u] / ${SAMPLES * SAMPLES}.0;
          for (var sx = 0u; sx < ${SAMPLES}u; sx++) {
            let column = tap(across, f32(px) + (f32(sx) + 0.5) / ${SAMPLES}.0, params.w);
            let left = u32(column.low) * 4u;
            let right = u32(column.high) * 4u;
            dX[low + left] += g * row.low_weight * column.low_weight;
            dX[low + right] += g * row.low_weight * column.high_weight;
            dX[high + left] += g * row.high_weight * column.low_weight;
            dX[high + right] += g * row.high_weight * column.high_weight;
          }
        }
      }
    }
  }
}
