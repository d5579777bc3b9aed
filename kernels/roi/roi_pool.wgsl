// RoI max pooling to SIZE x SIZE bins (AOFD-SPEC 1.11, exact integer bins).
// Corners are rounded half away from zero after scaling; bin p of an extent n covers
// floor(p n / SIZE) .. ceil((p + 1) n / SIZE) from the start, clipped to the map; an empty bin
// gives 0. The first maximum in row-major order wins.
//   x: f32 [n][c4][h][w][4], rois: f32 [r][5] = (image, x1, y1, x2, y2) in input pixels
//   y: f32 [r][c4][SIZE][SIZE][4]; argmax (ARGMAX = 1): u32, same places, row * w + column of
//   the winner or 0xffffffff for an empty bin
// One channel lane of one row of bins per invocation: neighbouring invocations are neighbouring
// channels, so they take the same path. Deterministic.
#define SIZE 7
#define ARGMAX 0

struct Params {
  images: u32, lanes: u32, h: i32, w: i32, rows: u32, firstRoi: u32, yBase: u32, argmaxBase: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> rois: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if ARGMAX
@group(0) @binding(3) var<storage, read_write> argmax: array<u32>;
#endif
@group(0) @binding(4) var<uniform> params: Params;

fn cell(v: f32) -> i32 {
  let scaled = v * params.scale;
  return i32(sign(scaled) * floor(abs(scaled) + 0.5));
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.lanes || gid.y >= params.rows) { return; }
  let roi = gid.y / ${SIZE}u;
  let py = i32(gid.y - roi * ${SIZE}u);
  let at = (params.firstRoi + roi) * 5u;
  let image = min(u32(max(rois[at], 0.0)), params.images - 1u);
  let x1 = cell(rois[at + 1u]);
  let y1 = cell(rois[at + 2u]);
  let width = max(cell(rois[at + 3u]) - x1 + 1, 1);
  let height = max(cell(rois[at + 4u]) - y1 + 1, 1);
  let top = clamp(y1 + py * height / SIZE, 0, params.h);
  let bottom = clamp(y1 + ((py + 1) * height + SIZE - 1) / SIZE, 0, params.h);

  let quad = gid.x >> 2u;
  let lane = gid.x & 3u;
  let quads = params.lanes >> 2u;
  let pitch = u32(params.w) * 4u;
  let plane = (image * quads + quad) * u32(params.h) * pitch + lane;
  let bins = (((roi * quads + quad) * ${SIZE}u + u32(py)) * ${SIZE}u) * 4u + lane;
  for (var px = 0; px < SIZE; px++) {
    let left = clamp(x1 + px * width / SIZE, 0, params.w);
    let right = clamp(x1 + ((px + 1) * width + SIZE - 1) / SIZE, 0, params.w);
    var best = 0.0;
    var winner = 0xffffffffu;
    if (top < bottom && left < right) {
      winner = u32(top * params.w + left);
      best = x[plane + winner * 4u];
      for (var iy = top; iy < bottom; iy++) {
        for (var ix = left; ix < right; ix++) {
          let place = u32(iy * params.w + ix);
          let v = x[plane + place * 4u];
          if (v > best) { best = v; winner = place; }
        }
      }
    }
    y[params.yBase + bins + u32(px) * 4u] = best;
#if ARGMAX
    argmax[params.argmaxBase + bins + u32(px) * 4u] = winner;
#endif
  }
}
