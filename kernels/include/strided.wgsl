// Element j < 16 of invocation i where each takes 16 elements, 64 apart: neighbours read neighbouring memory, and the
// sum of an invocation does not depend on the size of a workgroup. Host: stridedParts in src/nn/ops/loss.ts.
fn strided_element(i: u32, j: u32) -> u32 {
  return (i / 64u) * 1024u + j * 64u + (i % 64u);
}
