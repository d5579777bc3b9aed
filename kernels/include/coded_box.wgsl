// Corners of a box code (dx, dy, dw, dh), divided by std, on a source box centred at 0 with sides 1.
struct CodedBox { low: vec2f, high: vec2f }

fn coded_box(code: vec4f, stds: vec4f, cap: f32) -> CodedBox {
  let centre = code.xy * stds.xy;
  let half = 0.5 * exp(min(code.zw * stds.zw, vec2f(cap)));
  return CodedBox(centre - half, centre + half);
}
