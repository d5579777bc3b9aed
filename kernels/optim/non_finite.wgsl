// flags(slot) = 1 if any of the n words is the bit pattern of an infinity or a NaN (exponent all
// ones). By bits, because shaders may assume that comparisons never see a NaN.
//   bits: u32 [n] (the memory of f32 values), flags: atomic u32 [slots], cleared by the host
// Each invocation tests every 64th of its workgroup's 4096 words. Deterministic (only ones are
// ever written).
// Op: src/nn/optim/clip.ts · cases: test/nn/optim/optim.test.ts

struct Params { n: u32, slot: u32 }

@group(0) @binding(0) var<storage, read> bits: array<u32>;
@group(0) @binding(1) var<storage, read_write> flags: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var found = false;
  let end = min((group.x + 1u) * 4096u, params.n);
  for (var i = group.x * 4096u + lane; i < end; i += 64u) {
    found = found || (bits[i] & 0x7f800000u) == 0x7f800000u;
  }
  if (found) { atomicStore(&flags[params.slot], 1u); }
}
