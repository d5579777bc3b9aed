// Corners of a box code (dx, dy, dw, dh), divided by std, on a source box centred at 0 with sides 1.
struct CodedBox { low: vec2f, high: vec2f }

fn coded_box(code: vec4f, stds: vec4f, cap: f32) -> CodedBox {
  let centre = code.xy * stds.xy;
  let half = 0.5 * exp(min(code.zw * stds.zw, vec2f(cap)));
  return CodedBox(centre - half, centre + half);
}

// Overlap of two boxes: sides of the intersection (0 where apart), of the hull and of p, and the
// areas of intersection, union and hull.
struct Overlap { inner: vec2f, outer: vec2f, sides: vec2f, shared_area: f32, joint: f32, hull: f32 }

fn overlap_of(p: CodedBox, g: CodedBox) -> Overlap {
  let inner = max(min(p.high, g.high) - max(p.low, g.low), vec2f(0.0));
  let outer = max(p.high, g.high) - min(p.low, g.low);
  let sides = p.high - p.low;
  let sides_g = g.high - g.low;
  let shared_area = inner.x * inner.y;
  let joint = sides.x * sides.y + sides_g.x * sides_g.y - shared_area;
  return Overlap(inner, outer, sides, shared_area, joint, outer.x * outer.y);
}
