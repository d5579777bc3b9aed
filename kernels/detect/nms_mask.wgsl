// Suppression bits of non-maximum suppression (docs/spec.md 1.9) for rows row_from.. of the visiting
// order: bit b of mask[r][w] is 1 where box order[32w + b] comes after box order[row_from + r] and
// their IoU is strictly above the threshold, tested as overlap > threshold * union.
//   boxes: f32[R][4];  order: u32[R];  mask: u32[rows][words]
// One word per invocation. Deterministic.
#include "grid.wgsl"
#include "boxes.wgsl"

struct Params { n: u32, words: u32, row_from: u32, rows: u32, threshold: f32, extent: f32 }

@group(0) @binding(0) var<storage, read> boxes: array<f32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read_write> mask: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

fn box_at(rank: u32) -> vec4f {
  let i = order[rank] * 4u;
  return vec4f(boxes[i], boxes[i + 1u], boxes[i + 2u], boxes[i + 3u]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(gid, groups, 64u);
  if (i >= params.rows * params.words) { return; }
  let row = params.row_from + i / params.words;
  let first = (i % params.words) * 32u;
  let end = min(first + 32u, params.n);
  var bits = 0u;
  if (end > row + 1u) {
    let own = box_at(row);
    let area = box_area(own, params.extent);
    for (var col = max(first, row + 1u); col < end; col++) {
      let other = box_at(col);
      let overlap = box_overlap(own, other, params.extent);
      let join = area + box_area(other, params.extent) - overlap;
      if (overlap > 0.0 && overlap > params.threshold * join) { bits |= 1u << (col - first); }
    }
  }
  mask[i] = bits;
}
