// RoI max pooling as in roi_pool.wgsl, reading the map's texture mirror: one load brings a channel
// quad, which costs a quarter of four buffer loads on software adapters (KERNELS 1).
//   x_map: texel (x, image * h + y), layer = channel quad; rois, y, argmax as in roi_pool.wgsl,
//   y and argmax as vectors of 4
// One channel quad of one row of bins per invocation: neighbouring invocations are neighbouring
// quads, so they take the same path. Deterministic.
#define SIZE 7
#define ARGMAX 0

struct Params {
  images: u32, quads: u32, h: i32, w: i32, rows: u32, firstRoi: u32, yBase: u32, argmaxBase: u32,
  scale: f32,
}

@group(0) @binding(0) var x_map: texture_storage_2d_array<rgba32float, read>;
@group(0) @binding(1) var<storage, read> rois: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
#if ARGMAX
@group(0) @binding(3) var<storage, read_write> argmax: array<vec4u>;
#endif
@group(0) @binding(4) var<uniform> params: Params;

fn cell(v: f32) -> i32 {
  let scaled = v * params.scale;
  return i32(sign(scaled) * floor(abs(scaled) + 0.5));
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  if (gid.x >= params.quads || gid.y >= params.rows) { return; }
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

  let map = i32(image) * params.h;
  let bins = ((roi * params.quads + gid.x) * ${SIZE}u + u32(py)) * ${SIZE}u;
  for (var px = 0; px < SIZE; px++) {
    let left = clamp(x1 + px * width / SIZE, 0, params.w);
    let right = clamp(x1 + ((px + 1) * width + SIZE - 1) / SIZE, 0, params.w);
    var best = vec4f(0.0);
    var winner = vec4u(0xffffffffu);
    if (top < bottom && left < right) {
      best = textureLoad(x_map, vec2i(left, map + top), gid.x);
      winner = vec4u(u32(top * params.w + left));
      for (var iy = top; iy < bottom; iy++) {
        for (var ix = left; ix < right; ix++) {
          let v = textureLoad(x_map, vec2i(ix, map + iy), gid.x);
#if ARGMAX
          winner = select(winner, vec4u(u32(iy * params.w + ix)), v > best);
#endif
          best = max(best, v);
        }
      }
    }
    y[params.yBase / 4u + bins + u32(px)] = best;
#if ARGMAX
    argmax[params.argmaxBase / 4u + bins + u32(px)] = winner;
#endif
  }
}
