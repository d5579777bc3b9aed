// The ordered part of non-maximum suppression: visits rows row_from.. in order; a row that nobody
// removed is kept and removes what its mask says. `removed` and `count` carry over from one window
// of rows to the next (the host has set them to 0).
//   order: u32[R];  mask: u32[rows][words];  removed: u32[words];  kept: u32[limit];  count: u32[1]
// One workgroup: invocation 0 looks for the next row, all 64 merge its mask. Workgroup memory 8 KiB,
// so at most 65536 boxes. Deterministic.
struct Params { words: u32, row_from: u32, rows: u32, limit: u32 }

@group(0) @binding(0) var<storage, read> order: array<u32>;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read_write> removed: array<u32>;
@group(0) @binding(3) var<storage, read_write> kept: array<u32>;
@group(0) @binding(4) var<storage, read_write> count: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> bits: array<u32, 2048>;
var<workgroup> next_row: u32;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  for (var w = local; w < params.words; w += 64u) { bits[w] = removed[w]; }
  var found = count[0];
  if (local == 0u) { next_row = params.row_from; }
  workgroupBarrier();
  let end = params.row_from + params.rows;
  loop {
    if (local == 0u) {
      var row = next_row;
      while (row < end && ((bits[row / 32u] >> (row % 32u)) & 1u) == 1u) { row++; }
      if (found >= params.limit) { row = end; }
      if (row < end) {
        kept[found] = order[row];
        found++;
      }
      next_row = row;
    }
    let row = workgroupUniformLoad(&next_row);
    if (row >= end) { break; }
    let at = (row - params.row_from) * params.words;
    for (var w = row / 32u + local; w < params.words; w += 64u) { bits[w] |= mask[at + w]; }
    if (local == 0u) { next_row = row + 1u; }
    workgroupBarrier();
  }
  for (var w = local; w < params.words; w += 64u) { removed[w] = bits[w]; }
  if (local == 0u) { count[0] = found; }
}
