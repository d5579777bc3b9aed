// Writes each invocation's subgroup lane: the host checks lane == local_invocation_index % L,
// which lane kernels rely on.
//   lanes: u32[64]; one workgroup. Deterministic per adapter.
enable subgroups;

@group(0) @binding(0) var<storage, read_write> lanes: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) index: u32, @builtin(subgroup_invocation_id) lane: u32) {
  lanes[index] = lane;
}
