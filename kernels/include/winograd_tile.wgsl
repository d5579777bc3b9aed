// Position of a Winograd tile: image n and the output row and column of its corner.
struct Tile { n: u32, y: i32, x: i32 }

fn tile_at(tile: u32, tiles_y: u32, tiles_x: u32) -> Tile {
  let per_image = tiles_y * tiles_x;
  let within = tile % per_image;
  return Tile(tile / per_image, i32((within / tiles_x) * ${M}u), i32((within % tiles_x) * ${M}u));
}
