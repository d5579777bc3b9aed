// Sum of one number per invocation over the invocations of a row, given to all of them, in a fixed
// order: a subgroup of LANES, or the workgroup of 64 where there are no lane kernels (LANES 0).
// Must be called in uniform control flow. `lane`: place in the row.
#define LANES 0
#if LANES > 0
fn row_sum(value: f32, lane: u32) -> f32 {
  var sum = value + subgroupShuffleXor(value, 1u);
  sum += subgroupShuffleXor(sum, 2u);
#if LANES == 8
  sum += subgroupShuffleXor(sum, 4u);
#endif
  return sum;
}
#define ROW LANES
#else
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
#define ROW 64
#endif
