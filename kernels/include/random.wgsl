// Counter-based random numbers, bit for bit those of src/nn/tensor/random.ts.
// pcg4d: Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 2020.

fn pcg4d(seed: vec4u) -> vec4u {
  var v = seed * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

// Uniform in [0, 2^32): the number at place `counter` (64 bits, low and high word) of a stream.
fn random_u32(seed: u32, stream: u32, counter_lo: u32, counter_hi: u32) -> u32 {
  return pcg4d(vec4u(seed, stream, counter_lo, counter_hi)).x;
}

// The upper 24 bits as a float in [0, 1).
fn uniform01(bits: u32) -> f32 {
  return f32(bits >> 8u) * 5.9604644775390625e-8;
}
