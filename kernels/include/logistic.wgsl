// 1 / (1 + exp(-v)). The exponent is never positive: WGSL promises no infinity where exp overflows.
fn logistic(v: f32) -> f32 {
  let e = exp(-abs(v));
  return select(e, 1.0, v >= 0.0) / (1.0 + e);
}
