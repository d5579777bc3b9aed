// Gradient of the 2x2 max pool: dY of a window goes to its first maximum in row-major order
// (a later element must be strictly greater to win), found again from x; no saved index.
//   x, dX: f32 [plane][h][w][4], dY: f32 [plane][oh][ow][4]
// One channel lane of one window per invocation, which writes all cells of the window; cells
// that no window covers (floor mode, odd sizes) belong to windows without gradient and get 0.
// No two invocations write the same cell. Deterministic.
// Op: src/nn/ops/pool.ts · twin: src/nn/twins/pool.ts · cases: test/nn/ops/cases/pool.ts

struct Params { h: u32, w: u32, oh: u32, ow: u32, x_base: u32, y_base: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dY: array<f32>;
@group(0) @binding(2) var<storage, read_write> dX: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(32, 8)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let lane = gid.x & 3u;
  let ox = gid.x >> 2u;
  let oy = gid.y;
  if (2u * ox >= params.w || 2u * oy >= params.h) { return; }
  let hasRight = 2u * ox + 1u < params.w;
  let hasBottom = 2u * oy + 1u < params.h;
  let topLeft = params.x_base + ((gid.z * params.h + 2u * oy) * params.w + 2u * ox) * 4u + lane;
  let right = select(0u, 4u, hasRight);
  let down = select(0u, 4u * params.w, hasBottom);
  var best = x[topLeft];
  var winner = 0u;
  let b = x[topLeft + right];
  if (b > best) { best = b; winner = 1u; }
  let c = x[topLeft + down];
  if (c > best) { best = c; winner = 2u; }
  let d = x[topLeft + down + right];
  if (d > best) { winner = 3u; }
  var g = 0.0;
  if (ox < params.ow && oy < params.oh) {
    g = dY[params.y_base + ((gid.z * params.oh + oy) * params.ow + ox) * 4u + lane];
  }
  dX[topLeft] = select(0.0, g, winner == 0u);
  if (hasRight) { dX[topLeft + right] = select(0.0, g, winner == 1u); }
  if (hasBottom) { dX[topLeft + down] = select(0.0, g, winner == 2u); }
  if (hasRight && hasBottom) { dX[topLeft + down + right] = select(0.0, g, winner == 3u); }
}
