// Gradient of bilinear upsampling along one axis, as a gather: the two axes separate, so the
// host runs it over rows (AXIS 0: oh -> h) and then over columns (AXIS 1: ow -> w).
// dX(i) = sum over outputs o of dY(o) max(0, 1 - |s(o) - i|), s(o) as in bilinear.wgsl.
//   dY: vec4f [plane][rows][columns]; dX the same with the axis shrunk
// h, w: size of dX. One channel quad of one pixel of dX per invocation, so that a weight is computed
// once for four channels; fixed order of additions. Deterministic.
// Op: src/nn/ops/upsample.ts · twin: src/nn/twins/upsample.ts · cases: test/nn/ops/cases/upsample.ts
#define AXIS 0

struct Params { h: u32, w: u32, outputs: u32, x_base: u32, y_base: u32, scale: u32, last: f32, inverse: f32 }

@group(0) @binding(0) var<storage, read> dY: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dX: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let ix = gid.x;
  let iy = gid.y;
  if (ix >= params.w || iy >= params.h) { return; }
#if AXIS == 0
  let i = iy;
  let step = params.w;
  let line = params.y_base / 4u + gid.z * params.outputs * params.w + ix;
#else
  let i = ix;
  let step = 1u;
  let line = params.y_base / 4u + (gid.z * params.h + iy) * params.outputs;
#endif
  let middle = params.scale * i;
  let half = params.scale / 2u;
  let start = middle - min(middle, half);
  let to = min(middle + params.scale + half, params.outputs);
  var sum = vec4f(0.0);
  for (var o = start; o < to; o++) {
    let s = clamp((f32(o) + 0.5) * params.inverse - 0.5, 0.0, params.last);
    sum += dY[line + o * step] * max(0.0, 1.0 - abs(s - f32(i)));
  }
  dX[params.x_base / 4u + (gid.z * params.h + iy) * params.w + ix] = sum;
}
