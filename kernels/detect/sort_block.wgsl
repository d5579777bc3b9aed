// Bitonic sort, the steps inside of blocks of 512 pairs (key, index), ascending by key, then index:
// all merges of length first..last whose compare distance is at most 256.
//   keys, order: u32[padded], padded a power of two >= 512, sorted in place
// One workgroup per block, one comparison per invocation and step. Workgroup memory 4 KiB.
// Deterministic: a fixed network, and no two pairs are equal.
struct Params { first: u32, last: u32 }

@group(0) @binding(0) var<storage, read_write> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> order: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> block_keys: array<u32, 512>;
var<workgroup> block_order: array<u32, 512>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let base = group.x * 512u;
  for (var i = local; i < 512u; i += 256u) {
    block_keys[i] = keys[base + i];
    block_order[i] = order[base + i];
  }
  workgroupBarrier();
  for (var length = params.first; length <= params.last; length <<= 1u) {
    for (var distance = min(length / 2u, 256u); distance > 0u; distance >>= 1u) {
      let low = 2u * local - (local & (distance - 1u));
      let high = low + distance;
      let key_a = block_keys[low];
      let key_b = block_keys[high];
      let at_a = block_order[low];
      let at_b = block_order[high];
      let is_greater = key_a > key_b || (key_a == key_b && at_a > at_b);
      if (is_greater == (((base + low) & length) == 0u)) {
        block_keys[low] = key_b;
        block_keys[high] = key_a;
        block_order[low] = at_b;
        block_order[high] = at_a;
      }
      workgroupBarrier();
    }
  }
  for (var i = local; i < 512u; i += 256u) {
    keys[base + i] = block_keys[i];
    order[base + i] = block_order[i];
  }
}
