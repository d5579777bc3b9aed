// RoIAlign (He et al. 2017) to SIZE x SIZE bins: the mean of SAMPLES x SAMPLES points of each bin, read
// bilinearly, nothing rounded.
// Op: src/nn/ops/roi-align.ts · twin: src/nn/twins/roi-align.ts · cases: test/nn/ops/cases/roi-align.ts
// In units of cells whose centres are whole numbers, a RoI begins at scale x1 - 1/2 and is scale (x2 - x1 + 1)
// wide (corners inclusive), at least min_side. A point further than one cell outside the map counts as 0,
// others are moved onto the border cells' centres.
//   rois: f32 [r][5] = (image, x1, y1, x2, y2) in input pixels; those of other images than
//   image_from .. image_from + image_count - 1 are left alone
//   y: f32 [r][c4][SIZE][SIZE][4]
// A row of bins per invocation; neighbouring invocations are neighbouring channels, so they take the same
// path. TEXTURE = 0: an item is a channel, of quads quad_from and so on, and
//   x: f32 [images][quads][h][w][4], x_base elements after the binding's begin.
// TEXTURE = 1: an item is a channel quad, x_map: texel (x, image * h + y), layer = channel quad.
// Deterministic.
#include "maps.wgsl"
#include "roi_align.wgsl"
#define SIZE 7
#define SAMPLES 2
#define TEXTURE 0

struct Params {
  images: u32, image_from: u32, image_count: u32, items: u32, quads: u32, quad_from: u32, quad_count: u32,
  h: i32, w: i32, rows: u32, roi_from: u32, x_base: u32, y_base: u32, scale: f32,
}

#if TEXTURE
alias Value = vec4f;
@group(0) @binding(0) var x_map: READ_MAP;
const workgroup_x = 8;
const workgroup_y = 8;
const width_y = 4u;
#else
alias Value = f32;
@group(0) @binding(0) var<storage, read> x: array<f32>;
const workgroup_x = 16;
const workgroup_y = 4;
const width_y = 1u;
#endif
@group(0) @binding(1) var<storage, read> rois: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(workgroup_x, workgroup_y)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.items || gid.y >= params.rows) { return; }
  let roi = gid.y / ${SIZE}u;
  let py = gid.y - roi * ${SIZE}u;
  let at = (params.roi_from + roi) * 5u;
  // Wraps to a large number where the image lies before the window.
  let image = min(u32(max(rois[at], 0.0)), params.images - 1u) - params.image_from;
  if (image >= params.image_count) { return; }
  let across = span(rois[at + 1u], rois[at + 3u], params.scale, ${SIZE}.0);
  let down = span(rois[at + 2u], rois[at + 4u], params.scale, ${SIZE}.0);
#if TEXTURE
  let map = i32(image) * params.h;
  let quad = gid.x;
  let lane = 0u;
#else
  let quad = gid.x >> 2u;
  let lane = gid.x & 3u;
  let plane = params.x_base + (image * params.quad_count + quad) * u32(params.h * params.w) * 4u + lane;
#endif
  let bins = ((roi * params.quads + params.quad_from + quad) * ${SIZE}u + py) * ${SIZE}u;
#for sy in 0..SAMPLES
  let row_${sy} = tap(down, f32(py) + (${sy}.0 + 0.5) / ${SAMPLES}.0, params.h);
#if !TEXTURE
  let low_${sy} = plane + u32(row_${sy}.low * params.w) * 4u;
  let high_${sy} = plane + u32(row_${sy}.high * params.w) * 4u;
#endif
#endfor
  for (var px = 0u; px < ${SIZE}u; px++) {
#for sx in 0..SAMPLES
    let column_${sx} = tap(across, f32(px) + (${sx}.0 + 0.5) / ${SAMPLES}.0, params.w);
#endfor
    var sum = Value();
#for sy in 0..SAMPLES
#for sx in 0..SAMPLES
    {
      let row = row_${sy};
      let column = column_${sx};
#if TEXTURE
      let a = textureLoad(x_map, vec2i(column.low, map + row.low), quad LEVEL);
      let b = textureLoad(x_map, vec2i(column.high, map + row.low), quad LEVEL);
      let c = textureLoad(x_map, vec2i(column.low, map + row.high), quad LEVEL);
      let d = textureLoad(x_map, vec2i(column.high, map + row.high), quad LEVEL);
#else
      let a = x[low_${sy} + u32(column.low) * 4u];
      let b = x[low_${sy} + u32(column.high) * 4u];
      let c = x[high_${sy} + u32(column.low) * 4u];
      let d = x[high_${sy} + u32(column.high) * 4u];
#endif
      sum += row.low_weight * (column.low_weight * a + column.high_weight * b)
           + row.high_weight * (column.low_weight * c + column.high_weight * d);
    }
#endfor
#endfor
    y[params.y_base / width_y + (bins + px) * (4u / width_y) + lane] = sum / ${SAMPLES * SAMPLES}.0;
  }
}
