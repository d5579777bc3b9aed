// RoI max pooling to SIZE x SIZE bins (docs/spec.md 1.11, exact integer bins).
// Corners are rounded half away from zero after scaling; bin p of an extent n covers
// floor(p n / SIZE) .. ceil((p + 1) n / SIZE) from the start, clipped to the map; an empty bin
// gives 0. The first maximum in row-major order wins.
//   rois: f32 [r][5] = (image, x1, y1, x2, y2) in input pixels; those of other images than
//   image_from .. image_from + image_count - 1 are left alone
//   y: f32 [r][c4][SIZE][SIZE][4]; argmax (ARGMAX = 1): u32, same places, row * w + column of
//   the winner or 0xffffffff for an empty bin
// An item of one row of bins per invocation; neighbouring invocations are neighbouring channels, so
// they take the same path. TEXTURE = 0: an item is a channel, of quads quad_from and so on, and
//   x: f32 [images][quads][h][w][4], x_base elements after the binding's begin.
// TEXTURE = 1: an item is a channel quad; one load brings it, which costs half of four buffer
// loads on lavapipe, where alone it is used. x_map: texel (x, image * h + y), layer = channel quad.
// Deterministic.
// Op: src/nn/ops/roi.ts · twin: src/nn/twins/roi.ts · cases: test/nn/ops/cases/roi.ts
#include "maps.wgsl"
#define SIZE 7
#define ARGMAX 0
#define TEXTURE 0

struct Params {
  images: u32, image_from: u32, image_count: u32, items: u32, quads: u32, quad_from: u32, quad_count: u32,
  h: i32, w: i32, rows: u32, roi_from: u32, x_base: u32, y_base: u32, argmax_base: u32, scale: f32,
}

#if TEXTURE
alias Value = vec4f;
alias Place = vec4u;
@group(0) @binding(0) var x_map: READ_MAP;
#else
alias Value = f32;
alias Place = u32;
@group(0) @binding(0) var<storage, read> x: array<f32>;
#endif
@group(0) @binding(1) var<storage, read> rois: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;
#if ARGMAX
@group(0) @binding(3) var<storage, read_write> argmax: array<Place>;
#endif
@group(0) @binding(4) var<uniform> params: Params;

fn cell(v: f32) -> i32 {
  let scaled = v * params.scale;
  return i32(sign(scaled) * floor(abs(scaled) + 0.5));
}

#if TEXTURE
const workgroup_x = 8;
const workgroup_y = 8;
// Numbers of y and argmax per element of theirs.
const width_y = 4u;
#else
const workgroup_x = 16;
const workgroup_y = 4;
const width_y = 1u;
#endif

@compute @workgroup_size(workgroup_x, workgroup_y)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.items || gid.y >= params.rows) { return; }
  let roi = gid.y / ${SIZE}u;
  let py = i32(gid.y - roi * ${SIZE}u);
  let at = (params.roi_from + roi) * 5u;
  // Wraps to a large number where the image lies before the window.
  let image = min(u32(max(rois[at], 0.0)), params.images - 1u) - params.image_from;
  if (image >= params.image_count) { return; }
  let x1 = cell(rois[at + 1u]);
  let y1 = cell(rois[at + 2u]);
  let width = max(cell(rois[at + 3u]) - x1 + 1, 1);
  let height = max(cell(rois[at + 4u]) - y1 + 1, 1);
  let top = clamp(y1 + py * height / SIZE, 0, params.h);
  let bottom = clamp(y1 + ((py + 1) * height + SIZE - 1) / SIZE, 0, params.h);

#if TEXTURE
  let map = i32(image) * params.h;
  let quad = gid.x;
  let lane = 0u;
#else
  let quad = gid.x >> 2u;
  let lane = gid.x & 3u;
  let plane = params.x_base + (image * params.quad_count + quad) * u32(params.h * params.w) * 4u + lane;
#endif
  let bins = ((roi * params.quads + params.quad_from + quad) * ${SIZE}u + u32(py)) * ${SIZE}u;
  for (var px = 0; px < SIZE; px++) {
    let left = clamp(x1 + px * width / SIZE, 0, params.w);
    let right = clamp(x1 + ((px + 1) * width + SIZE - 1) / SIZE, 0, params.w);
    var best = Value();
    var winner = Place(0xffffffffu);
    if (top < bottom && left < right) {
      let first = u32(top * params.w + left);
      winner = Place(first);
#if TEXTURE
      best = textureLoad(x_map, vec2i(left, map + top), quad LEVEL);
#else
      best = x[plane + first * 4u];
#endif
      for (var iy = top; iy < bottom; iy++) {
        for (var ix = left; ix < right; ix++) {
          let place = u32(iy * params.w + ix);
#if TEXTURE
          let v = textureLoad(x_map, vec2i(ix, map + iy), quad LEVEL);
#else
          let v = x[plane + place * 4u];
#endif
#if ARGMAX
          winner = select(winner, Place(place), v > best);
#endif
          best = max(best, v);
        }
      }
    }
    let to = (bins + u32(px)) * (4u / width_y) + lane;
    y[params.y_base / width_y + to] = best;
#if ARGMAX
    argmax[params.argmax_base / width_y + to] = winner;
#endif
  }
}
