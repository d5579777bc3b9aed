// Arithmetic ceiling of the device: 16 independent chains of mul+add per invocation, no memory
// traffic but one store. With N = `rounds` each invocation does 16 * 8 * N mul+adds, 2 FLOP each;
// chains hide the latency of their neighbours. What a kernel reaches of this rate is its "share of
// the peak". Deterministic; the stored sum only keeps the work from being optimised away.
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
struct Params { rounds: u32, factor: f32, offset: f32 }
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let a = params.factor;
  let b = params.offset;
#for i in 0..16
  var c${i} = f32(gid.x) * 0.001 + ${i}.0;
#endfor
  for (var n = 0u; n < params.rounds; n++) {
#for k in 0..8
#for i in 0..16
    c${i} = fma(c${i}, a, b);
#endfor
#endfor
  }
  var sum = 0.0;
#for i in 0..16
  sum += c${i};
#endfor
  sums[gid.x] = sum;
}
