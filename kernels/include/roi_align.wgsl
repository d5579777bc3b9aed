// Where RoIAlign reads: shared by roi/roi_align and roi/roi_align_backward.

// Narrower RoIs are widened to this many cells, so that a degenerate one still has an extent.
const min_side = 0.01;

// One axis of a RoI, in cells: where it begins and how wide a bin is.
struct Span { begin: f32, bin: f32 }

fn span(low: f32, high: f32, scale: f32, bins: f32) -> Span {
  return Span(low * scale - 0.5, max((high - low + 1.0) * scale, min_side) / bins);
}

// The two cells that a point lies between, with their weights; both weights are 0 outside the map.
struct Tap { low: i32, high: i32, low_weight: f32, high_weight: f32 }

// The point `place` bins after the begin of a span, on an axis of `size` cells.
fn tap(s: Span, place: f32, size: i32) -> Tap {
  let raw = s.begin + place * s.bin;
  let inside = select(0.0, 1.0, raw >= -1.0 && raw <= f32(size));
  let v = clamp(raw, 0.0, f32(size - 1));
  let low = i32(v);
  let share = v - f32(low);
  return Tap(low, min(low + 1, size - 1), inside * (1.0 - share), inside * share);
}

// Where the point `place` bins after the begin of a span lies, in cells; far outside the map where tap() gives no weight.
fn point(s: Span, place: f32, size: i32) -> f32 {
  let raw = s.begin + place * s.bin;
  return select(-9.0, clamp(raw, 0.0, f32(size - 1)), raw >= -1.0 && raw <= f32(size));
}

// The first cell that the points from `place` on may touch, and the last one that those up to it may.
fn first_cell(s: Span, place: f32, size: i32) -> i32 {
  return i32(clamp(s.begin + place * s.bin, 0.0, f32(size - 1)));
}
fn last_cell(s: Span, place: f32, size: i32) -> i32 {
  return min(first_cell(s, place, size) + 1, size - 1);
}
