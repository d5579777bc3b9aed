// Boxes: x1, y1, x2, y2 in pixels. `extent` is what x2 - x1 lacks to be the width: 1 for inclusive
// corners, 0 for continuous ones.
fn box_area(b: vec4f, extent: f32) -> f32 {
  return (b.z - b.x + extent) * (b.w - b.y + extent);
}

// Area of the intersection, 0 where the boxes part.
fn box_overlap(a: vec4f, b: vec4f, extent: f32) -> f32 {
  let w = min(a.z, b.z) - max(a.x, b.x) + extent;
  let h = min(a.w, b.w) - max(a.y, b.y) + extent;
  return select(0.0, w * h, w > 0.0 && h > 0.0);
}
