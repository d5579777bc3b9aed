// Winograd F(M x M, 3 x 3), A = M + 2 frequencies per axis: Y = At [ (G g Gt) * (Bt d B) ] A.
// The three one-dimensional transforms; the two-dimensional ones apply them to columns and rows.
#if M == 4
// Bt d: 6 -> 6
fn input_transform(d: array<vec4f, 6>) -> array<vec4f, 6> {
  let p = d[4] - 4.0 * d[2];
  let q = d[3] - 4.0 * d[1];
  let r = d[4] - d[2];
  let s = 2.0 * (d[3] - d[1]);
  return array<vec4f, 6>(4.0 * d[0] - 5.0 * d[2] + d[4], p + q, p - q, r + s, r - s,
                         4.0 * d[1] - 5.0 * d[3] + d[5]);
}
// At m: 6 -> 4
fn output_transform(m: array<vec4f, 6>) -> array<vec4f, 4> {
  let p = m[1] + m[2];
  let q = m[1] - m[2];
  let r = m[3] + m[4];
  let s = m[3] - m[4];
  return array<vec4f, 4>(m[0] + p + r, q + 2.0 * s, p + 4.0 * r, q + 8.0 * s + m[5]);
}
// A y: 4 -> 6, the adjoint of output_transform
fn output_adjoint(y: array<vec4f, 4>) -> array<vec4f, 6> {
  let p = y[0] + y[2];
  let q = y[1] + y[3];
  let r = y[0] + 4.0 * y[2];
  let s = 2.0 * y[1] + 8.0 * y[3];
  return array<vec4f, 6>(y[0], p + q, p - q, r + s, r - s, y[3]);
}
// G g: 3 -> 6
fn weight_transform(g: vec3f) -> array<f32, 6> {
  let p = -(g.x + g.z) / 6.0;
  let q = g.y / 6.0;
  let r = g.x / 24.0 + g.z / 6.0;
  let s = g.y / 12.0;
  return array<f32, 6>(g.x / 4.0, p - q, p + q, r + s, r - s, g.z);
}
// Gt u: 6 -> 3, the adjoint of weight_transform
fn weight_adjoint(u: array<f32, 6>) -> vec3f {
  let p = u[1] + u[2];
  let q = u[3] + u[4];
  return vec3f(u[0] / 4.0 - p / 6.0 + q / 24.0,
               (u[2] - u[1]) / 6.0 + (u[3] - u[4]) / 12.0,
               (q - p) / 6.0 + u[5]);
}
#else
fn input_transform(d: array<vec4f, 4>) -> array<vec4f, 4> {
  return array<vec4f, 4>(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]);
}
fn output_transform(m: array<vec4f, 4>) -> array<vec4f, 2> {
  return array<vec4f, 2>(m[0] + m[1] + m[2], m[1] - m[2] - m[3]);
}
fn output_adjoint(y: array<vec4f, 2>) -> array<vec4f, 4> {
  return array<vec4f, 4>(y[0], y[0] + y[1], y[0] - y[1], -y[1]);
}
fn weight_transform(g: vec3f) -> array<f32, 4> {
  let p = (g.x + g.z) / 2.0;
  return array<f32, 4>(g.x, p + g.y / 2.0, p - g.y / 2.0, g.z);
}
fn weight_adjoint(u: array<f32, 4>) -> vec3f {
  return vec3f(u[0] + (u[1] + u[2]) / 2.0, (u[1] - u[2]) / 2.0, (u[1] + u[2]) / 2.0 + u[3]);
}
#endif
