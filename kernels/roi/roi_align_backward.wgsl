// Gradient of roi/roi_align, owner computes: each point of a bin gives its bin's dY / SAMPLES² to the four
// cells around it. The weights of a point are a product of one of its row and one of its column, so
// for every row of cells the bins are first summed down their columns; where the RoI has few cells across, each
// is then written once.
// Op: src/nn/ops/roi-align.ts · twin: src/nn/twins/roi-align.ts · cases: test/nn/ops/cases/roi-align.ts
//   dY: f32 [r][c4][SIZE][SIZE][4], rois: f32 [r][5]
//   dX: f32 [images][quads][h][w][4] of the images image_from and so on and their quads quad_from and
//   so on, x_base elements after the binding's begin; read and written, cleared by the host
// One invocation owns one channel lane of one image and walks through all RoIs of that image, so there is
// no race and the order of the additions is fixed. Deterministic.
#include "roi_align.wgsl"
#define SIZE 7
#define SAMPLES 2

// Up to so many cells it is cheaper to weigh each once than to visit the two around every point.
const narrow = ${SIZE * SAMPLES + 2};

struct Params {
  images: u32, image_from: u32, quads: u32, quad_from: u32, quad_count: u32, h: i32, w: i32,
  roi_from: u32, roi_count: u32, x_base: u32, y_base: u32, scale: f32,
}

@group(0) @binding(0) var<storage, read> dY: array<f32>;
@group(0) @binding(1) var<storage, read> rois: array<f32>;
@group(0) @binding(2) var<storage, read_write> dX: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// The weight of a cell for a point: 0 where they are a cell or more apart.
fn hat(point: f32, cell: f32) -> f32 { return max(0.0, 1.0 - abs(point - cell)); }

// What a point at x of a row gives to the two cells around it.
fn add(row: u32, value: f32, x: f32) {
  let low = i32(max(x, 0.0));
  dX[row + u32(low) * 4u] += value * hat(x, f32(low));
  if (low + 1 < params.w) { dX[row + u32(low + 1) * 4u] += value * hat(x, f32(low + 1)); }
}

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
#if SIZE > 8
    // Too many bins for registers: they are read again for every row of cells.
    let top = first_cell(down, 0.5 / ${SAMPLES}.0, params.h);
    let bottom = last_cell(down, ${SIZE}.0 - 0.5 / ${SAMPLES}.0, params.h);
    for (var y = top; y <= bottom; y++) {
      let row = plane + u32(y * params.w) * 4u;
      for (var px = 0u; px < ${SIZE}u; px++) {
        var column = 0.0;
        for (var py = 0u; py < ${SIZE}u; py++) {
          var weight = 0.0;
          for (var k = 0u; k < ${SAMPLES}u; k++) {
            weight += hat(point(down, f32(py) + (f32(k) + 0.5) / ${SAMPLES}.0, params.h), f32(y));
          }
          if (weight > 0.0) { column += weight * dY[start + (py * ${SIZE}u + px) * 4u] / ${SAMPLES * SAMPLES}.0; }
        }
        for (var k = 0u; k < ${SAMPLES}u; k++) {
          add(row, column, point(across, f32(px) + (f32(k) + 0.5) / ${SAMPLES}.0, params.w));
        }
      }
    }
#else
#for bin in 0..SIZE * SIZE
    let g_${bin} = dY[start + ${4 * bin}u] / ${SAMPLES * SAMPLES}.0;
#endfor
#for k in 0..SIZE * SAMPLES
    let x_${k} = point(across, ${k}.5 / ${SAMPLES}.0, params.w);
    let y_${k} = point(down, ${k}.5 / ${SAMPLES}.0, params.h);
#endfor
    let first = vec2i(first_cell(across, 0.5 / ${SAMPLES}.0, params.w), first_cell(down, 0.5 / ${SAMPLES}.0, params.h));
    let last = vec2i(last_cell(across, ${SIZE}.0 - 0.5 / ${SAMPLES}.0, params.w), last_cell(down, ${SIZE}.0 - 0.5 / ${SAMPLES}.0, params.h));
    for (var y = first.y; y <= last.y; y++) {
#for py in 0..SIZE
      var r_${py} = 0.0;
#for k in 0..SAMPLES
      r_${py} += hat(y_${py * SAMPLES + k}, f32(y));
#endfor
#endfor
      // Between points that lie more than a cell apart there are rows that none of them touches.
      if (r_0
#for py in 1..SIZE
        + r_${py}
#endfor
        == 0.0) { continue; }
#for px in 0..SIZE
      var column_${px} = 0.0;
#for py in 0..SIZE
      column_${px} += g_${py * SIZE + px} * r_${py};
#endfor
#endfor
      let row = plane + u32(y * params.w) * 4u;
      if (last.x - first.x < narrow) {
        for (var x = first.x; x <= last.x; x++) {
          var sum = 0.0;
#for px in 0..SIZE
          {
            var weight = 0.0;
#for k in 0..SAMPLES
            weight += hat(x_${px * SAMPLES + k}, f32(x));
#endfor
            sum += column_${px} * weight;
          }
#endfor
          dX[row + u32(x) * 4u] += sum;
        }
      } else {
#for px in 0..SIZE
#for k in 0..SAMPLES
        add(row, column_${px}, x_${px * SAMPLES + k});
#endfor
#endfor
      }
    }
#endif
  }
}
