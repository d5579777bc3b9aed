// Sum of one number per invocation over a workgroup of 64, given to all of them, in a fixed order.
// Must be called in uniform control flow.
var<workgroup> row_sum_parts: array<f32, 72>;

fn row_sum(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  row_sum_parts[lane] = value;
  workgroupBarrier();
  if (lane < 8u) {
    var part = 0.0;
    for (var j = 0u; j < 8u; j++) { part += row_sum_parts[lane * 8u + j]; }
    row_sum_parts[64u + lane] = part;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var j = 0u; j < 8u; j++) { total += row_sum_parts[64u + j]; }
  return total;
}
