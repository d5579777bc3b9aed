// Matrix product through workgroup memory, for adapters with real workgroups:
//   c[s, v] = sum over k of s_in[s, k] * v_in[v, k]  (+ bias[v], ReLU), for every layer.
//   v_in: f32, contiguous along k (V_K 1: [v][k]) or along v (V_K 0: [k][v]); s_in alike (S_K)
//   c:    f32 [s][v], rows c_pitch apart; with more than one split, partial sums [split][s][v]
// All three are accessed as vec4 where sizes, pitches and bases are multiples of 4 (VEC 1), else number by
// number. Everything outside of the matrices counts as zero.
// One workgroup per tile, split and layer; tiles of the same s follow each other. See include/tile.wgsl.
// flags: 1 adds the bias (else anything may be bound for it), 2 clamps at 0, 4 adds to c; numbers and not
// defines, because one compiled kernel then serves them all.
// The next step's operands are fetched into registers before the present step is multiplied.
// Deterministic: each element is summed in the order of k; splits are added in order by tile_sum.
// Op: src/nn/ops/tile-gemm.ts · twin: src/nn/twins/linear.ts · cases: test/nn/ops/cases/linear.ts
#define VEC 0
#include "tile.wgsl"

struct Params {
  v_size: u32, s_size: u32, k_size: u32,
  v_pitch: u32, s_pitch: u32, c_pitch: u32,
  v_base: u32, s_base: u32, c_base: u32, bias_base: u32,
  v_tiles: u32, tiles: u32,
  // Terms per split, a multiple of TILE_K; elements between splits.
  splits: u32, k_split: u32, c_split: u32,
  v_layer: u32, s_layer: u32, c_layer: u32,
  flags: u32,
}

#if VEC == 1
#define T vec4f
#else
#define T f32
#endif
@group(0) @binding(0) var<storage, read> v_in: array<T>;
@group(0) @binding(1) var<storage, read> s_in: array<T>;
@group(0) @binding(2) var<storage, read_write> c: array<T>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// Four neighbours from element `at` on, of which the first `left` (at least 1) exist.
fn read_v(at: u32, left: u32) -> vec4f {
#if VEC == 1
  return v_in[at / 4u];
#else
  var four = vec4f(v_in[at], 0.0, 0.0, 0.0);
  if (left > 1u) { four.y = v_in[at + 1u]; }
  if (left > 2u) { four.z = v_in[at + 2u]; }
  if (left > 3u) { four.w = v_in[at + 3u]; }
  return four;
#endif
}
fn read_s(at: u32, left: u32) -> vec4f {
#if VEC == 1
  return s_in[at / 4u];
#else
  var four = vec4f(s_in[at], 0.0, 0.0, 0.0);
  if (left > 1u) { four.y = s_in[at + 1u]; }
  if (left > 2u) { four.z = s_in[at + 2u]; }
  if (left > 3u) { four.w = s_in[at + 3u]; }
  return four;
#endif
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let id = group.x + group.y * groups.x;
  if (id >= params.tiles) { return; }
  let v_first = (id % params.v_tiles) * ${TILE_V}u;
  let s_first = (id / params.v_tiles) * ${TILE_S}u;
  let split = group.z % params.splits;
  let layer = group.z / params.splits;
  let k_first = split * params.k_split;
  let k_end = min(params.k_size, k_first + params.k_split);
  let v_from = params.v_base + layer * params.v_layer;
  let s_from = params.s_base + layer * params.s_layer;
  let tv = own_v(local);
  let ts = own_s(local);
#for q in 0..REG_V / 4
#for j in 0..REG_S
  var acc_${q}_${j} = vec4f(0.0);
#endfor
#endfor
  let steps = (k_end - k_first + ${TILE_K - 1}u) / ${TILE_K}u;
  for (var step = 0u; step <= steps; step++) {
    let k0 = k_first + step * ${TILE_K}u;
    // Fetch this step's operands (beyond the last step everything is out of range: zero) ..
#for i in 0..CARRY_V
    var carry_v_${i} = vec4f(0.0);
    {
      let item = local + ${i * THREADS}u;
#if V_K == 1
      let k = k0 + (item % ${TILE_K / 4}u) * 4u;
      let v = v_first + item / ${TILE_K / 4}u;
      if (k < k_end && v < params.v_size) { carry_v_${i} = read_v(v_from + v * params.v_pitch + k, k_end - k); }
#else
      let v = v_first + (item % ${TILE_V / 4}u) * 4u;
      let k = k0 + item / ${TILE_V / 4}u;
      if (k < k_end && v < params.v_size) { carry_v_${i} = read_v(v_from + k * params.v_pitch + v, params.v_size - v); }
#endif
    }
#endfor
#for i in 0..CARRY_S
    var carry_s_${i} = vec4f(0.0);
    {
      let item = local + ${i * THREADS}u;
#if S_K == 1
      let k = k0 + (item % ${TILE_K / 4}u) * 4u;
      let s = s_first + item / ${TILE_K / 4}u;
      if (k < k_end && s < params.s_size) { carry_s_${i} = read_s(s_from + s * params.s_pitch + k, k_end - k); }
#else
      let s = s_first + (item % ${TILE_S / 4}u) * 4u;
      let k = k0 + item / ${TILE_S / 4}u;
      if (k < k_end && s < params.s_size) { carry_s_${i} = read_s(s_from + k * params.s_pitch + s, params.s_size - s); }
#endif
    }
#endfor
    // .. multiply the previous one's ..
    if (step > 0u) {
#include "tile_mac.wgsl"
    }
    // .. and swap.
    workgroupBarrier();
#for i in 0..CARRY_V
    {
      let item = local + ${i * THREADS}u;
#if V_K == 1
      v_tile[v_place(item % ${TILE_K / 4}u, item / ${TILE_K / 4}u)] = carry_v_${i};
#else
      v_tile[(item / ${TILE_V / 4}u) * ${V_PITCH}u + item % ${TILE_V / 4}u] = carry_v_${i};
#endif
    }
#endfor
#for i in 0..CARRY_S
    {
      let item = local + ${i * THREADS}u;
#if S_K == 1
      s_tile[(item % ${TILE_K / 4}u) * ${S_PITCH}u + item / ${TILE_K / 4}u] = carry_s_${i};
#else
      s_tile[(item / ${TILE_S / 4}u) * ${S_PITCH}u + item % ${TILE_S / 4}u] = carry_s_${i};
#endif
    }
#endfor
    workgroupBarrier();
  }
  let c_from = params.c_base + split * params.c_split + layer * params.c_layer;
#for q in 0..REG_V / 4
  {
    let v = v_first + (tv + ${q * THREADS_V}u) * 4u;
    if (v < params.v_size) {
      let left = params.v_size - v;
      var shift = vec4f(0.0);
      if ((params.flags & 1u) != 0u) {
        for (var e = 0u; e < min(left, 4u); e++) { shift[e] = bias[params.bias_base + v + e]; }
      }
#for j in 0..REG_S
      {
        let s = s_first + s_at(ts, ${j}u);
        if (s < params.s_size) {
          let at = c_from + s * params.c_pitch + v;
          var value = acc_${q}_${j} + shift;
#if VEC == 1
          if ((params.flags & 4u) != 0u) { value += c[at / 4u]; }
          if ((params.flags & 2u) != 0u) { value = select(value, vec4f(0.0), value <= vec4f(0.0)); }
          c[at / 4u] = value;
#else
          for (var e = 0u; e < min(left, 4u); e++) {
            var one = value[e];
            if ((params.flags & 4u) != 0u) { one += c[at + e]; }
            if ((params.flags & 2u) != 0u) { one = select(one, 0.0, one <= 0.0); }
            c[at + e] = one;
          }
#endif
        }
      }
#endfor
    }
  }
#endfor
}
