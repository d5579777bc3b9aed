// C[f][row][col] = sum over k of A[f][row][k] * B[f][col][k], batched over texture layers f.
// Lane kernel: one subgroup of L lanes computes a tile of 4L rows x 4L columns with no
// workgroup memory and no barriers; operands come from rgba32float textures (include/maps.wgsl).
//
// How operands lie in their textures (layer f), lane s of a row panel p or column panel q:
//   A_ADDRESS 0 panel    texel (k*L + s, p)                  rows 4s.. of panel p at k
//   A_ADDRESS 1 natural  texel (p*L + s, k) in strips        rows 4s.. of panel p at k
//   A_ADDRESS 2 natural  texel (k/4, p*4L + 4s + i) in strips  k..k+3 of row 4s+i      (A_FORM 1)
//   A_ADDRESS 3 tiles    texel ((p*L + s)*4L + k%4L, k/4L)   rows 4s.. of panel p at k
//   B_ADDRESS 0 natural  texel (k/4, q*4L + i*L + s) in strips  k..k+3 of column i*L+s
//   B_ADDRESS 1 tiles    texel ((k/4)*4L + i*L + s, q)       k..k+3 of column i*L+s
//   B_ADDRESS 2 panel    texel (k*L + s, q)                  columns 4s.. of panel q at k (B_FORM 1)
//   B_ADDRESS 3 tiles    texel ((q*L + s)*4L + k%4L, k/4L)   columns 4s.. at k            (B_FORM 1)
// In strips: texel (x, y) of the matrix is texel (x % STRIP, y) of layer x / STRIP, so that rows next to
// each other are a kilobyte apart and not a whole row: whoever walks across many rows stays on few
// pages. These forms have one layer f.
// c: vec4f. B_FORM 0: four rows at index f*layer_stride + (row/4)*row_stride + col*col_stride;
//           B_FORM 1: four columns at f*layer_stride + row*row_stride + (col/4)*col_stride.
// k is read in steps of 4: textures are zero-padded in k to a multiple of 4. Rows and columns
// beyond `rows`, `cols` are computed from whatever the texture gives and not stored.
// EPILOGUE 1 adds bias[row]; RELU 1 clamps at 0; ACCUMULATE 1 adds to c. Deterministic.
// Op: src/nn/ops/lane-gemm.ts · twin: src/nn/twins/linear.ts · cases: test/nn/ops/cases/linear.ts
enable subgroups;
diagnostic(off, subgroup_uniformity);
#include "lane_partner.wgsl"
#include "maps.wgsl"

#define A_FORM 0
#define B_FORM 0
#define EPILOGUE 0
#define RELU 0
#define ACCUMULATE 0
#define STRIP 64

struct Params {
  rows: u32,
  cols: u32,
  k4: u32,
  row_panels: u32,
  col_panels: u32,
  layers: u32,
  // First row panel of A and first row of c: windows over the rows of a large result.
  panel_offset: u32,
  layer_stride: u32,
  row_stride: u32,
  col_stride: u32,
}

@group(0) @binding(0) var a_map: READ_MAP;
@group(0) @binding(1) var b_map: READ_MAP;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
#if EPILOGUE == 1
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
#else
@group(0) @binding(3) var<uniform> params: Params;
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let lane = local % ${LANES}u;
  let id = (group.x + group.y * groups.x) * ${64 / LANES}u + local / ${LANES}u;
  let per_layer = params.row_panels * params.col_panels;
  if (id >= per_layer * params.layers) { return; }
  let f = id / per_layer;
  let within = id % per_layer;
  let p = within / params.col_panels;
  let q = within % params.col_panels;
  let pa = p + params.panel_offset;
#if A_ADDRESS == 1
  let column = pa * ${LANES}u + lane;
#endif
#include "lane_tile.wgsl"
  for (var t = 0u; t < params.k4; t++) {
    let k = t * 4u;
#for step in 0..4
#if A_ADDRESS == 0
    let a${step} = textureLoad(a_map, vec2u((k + ${step}u) * ${LANES}u + lane, pa), f LEVEL);
#elif A_ADDRESS == 1
    let a${step} = textureLoad(a_map, vec2u(column % ${STRIP}u, k + ${step}u), column / ${STRIP}u LEVEL);
#elif A_ADDRESS == 2
    let a${step} = textureLoad(a_map, vec2u(t % ${STRIP}u, pa * ${4 * LANES}u + lane * 4u + ${step}u), t / ${STRIP}u LEVEL);
#else
    let a${step} = textureLoad(a_map, vec2u((pa * ${LANES}u + lane) * ${4 * LANES}u + (k + ${step}u) % ${4 * LANES}u, k / ${4 * LANES}u), f LEVEL);
#endif
#endfor
#for step in 0..4
#if B_ADDRESS == 0
    let b${step} = textureLoad(b_map, vec2u(t % ${STRIP}u, q * ${4 * LANES}u + ${step * LANES}u + lane), t / ${STRIP}u LEVEL);
#elif B_ADDRESS == 1
    let b${step} = textureLoad(b_map, vec2u(t * ${4 * LANES}u + ${step * LANES}u + lane, q), f LEVEL);
#elif B_ADDRESS == 2
    let b${step} = textureLoad(b_map, vec2u((k + ${step}u) * ${LANES}u + lane, q), f LEVEL);
#else
    let b${step} = textureLoad(b_map, vec2u((q * ${LANES}u + lane) * ${4 * LANES}u + (k + ${step}u) % ${4 * LANES}u, k / ${4 * LANES}u), f LEVEL);
#endif
#endfor
#include "lane_mac.wgsl"
  }
  let base = f * params.layer_stride;
#if B_FORM == 0
  let row0 = p * ${4 * LANES}u + lane * 4u;
  if (row0 >= params.rows) { return; }
#if EPILOGUE == 1
  let shift = vec4f(bias[row0], bias[min(row0 + 1u, params.rows - 1u)], bias[min(row0 + 2u, params.rows - 1u)], bias[min(row0 + 3u, params.rows - 1u)]);
#endif
#for turn in 0..LANES
  {
    let col0 = q * ${4 * LANES}u + partner(lane, ${turn}u);
#for col in 0..4
    if (col0 + ${col * LANES}u < params.cols) {
      let at = base + (row0 / 4u) * params.row_stride + (col0 + ${col * LANES}u) * params.col_stride;
      var value = vec4f(c_${col}_0_${turn}, c_${col}_1_${turn}, c_${col}_2_${turn}, c_${col}_3_${turn});
#if EPILOGUE == 1
      value += shift;
#endif
#if RELU == 1
      value = select(value, vec4f(0.0), value <= vec4f(0.0));
#endif
#if ACCUMULATE == 1
      value += c[at];
#endif
      c[at] = value;
    }
#endfor
  }
#endfor
#else
#for row in 0..4
  {
    let r0 = p * ${4 * LANES}u + lane * 4u + ${row}u;
#for turn in 0..LANES
    {
      let c0 = q * ${4 * LANES}u + partner(lane, ${turn}u) * 4u;
      if (r0 < params.rows && c0 < params.cols) {
        let at = base + r0 * params.row_stride + (c0 / 4u) * params.col_stride;
        var value = vec4f(c_0_${row}_${turn}, c_1_${row}_${turn}, c_2_${row}_${turn}, c_3_${row}_${turn});
#if ACCUMULATE == 1
        value += c[at];
#endif
        c[at] = value;
      }
    }
#endfor
  }
#endfor
#endif
}
