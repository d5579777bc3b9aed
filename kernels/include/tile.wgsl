// The common core of the tile kernels: a workgroup computes TILE_V x TILE_S results, an invocation
// REG_V x REG_S of them in registers, in steps of TILE_K terms that pass through workgroup memory.
// `v` is the side that is contiguous in the result (stored as vec4), `s` the other one.
//   v_tile, s_tile: a vec4 holds four neighbours of v (or s) at one k, or with V_K (S_K) 1 four k's of
//   one v (s): whichever way the operand lies in memory, so that nothing is transposed.
// Rows of workgroup memory are one vec4 longer than needed, which keeps strided writes and reads off
// the same banks. ALONG_S 1 gives neighbouring invocations
// neighbouring s instead of neighbouring v.
#define TILE_V 32
#define TILE_S 32
#define TILE_K 16
#define REG_V 4
#define REG_S 4
#define V_K 0
#define S_K 0
#define ALONG_S 0
#define THREADS_V TILE_V / REG_V
#define THREADS_S TILE_S / REG_S
#define THREADS THREADS_V * THREADS_S
// Vec4s that one invocation carries per step.
#define CARRY_V TILE_V * TILE_K / 4 / THREADS
#define CARRY_S TILE_S * TILE_K / 4 / THREADS
#if V_K == 1
#define V_PITCH TILE_V + 1
#define V_TILE TILE_K / 4 * V_PITCH
#else
#define V_PITCH TILE_V / 4 + 1
#define V_TILE TILE_K * V_PITCH
#endif
#if S_K == 1
#define S_PITCH TILE_S + 1
#define S_TILE TILE_K / 4 * S_PITCH
#else
#define S_PITCH TILE_S / 4 + 1
#define S_TILE TILE_K * S_PITCH
#endif

var<workgroup> v_tile: array<vec4f, V_TILE>;
var<workgroup> s_tile: array<vec4f, S_TILE>;

// Place of (k quad, v) in a v_tile of V_K 1: the four v's of one invocation lie TILE_V/4 apart, those of
// neighbouring invocations side by side.
fn v_place(kq: u32, v: u32) -> u32 { return kq * ${V_PITCH}u + (v & 3u) * ${TILE_V / 4}u + v / 4u; }

// Which v quads (first + THREADS_V * q) and which s this invocation owns.
fn own_v(local: u32) -> u32 {
#if ALONG_S == 1
  return local / ${THREADS_S}u;
#else
  return local % ${THREADS_V}u;
#endif
}
fn own_s(local: u32) -> u32 {
#if ALONG_S == 1
  return local % ${THREADS_S}u;
#else
  return local / ${THREADS_V}u;
#endif
}
// The j-th s of the invocation, counted from the tile's first.
fn s_at(ts: u32, j: u32) -> u32 {
#if S_K == 1
  return ts + j * ${THREADS_S}u;
#else
  return (ts + (j / 4u) * ${THREADS_S}u) * 4u + j % 4u;
#endif
}
