// Helpers for the c4 layout [N][Q][HW][4], Q = ceil(C / 4): the channel of stored element i.
fn c4_channel(i: u32, hw: u32, quads: u32) -> u32 {
  return ((i / (4u * hw)) % quads) * 4u + (i & 3u);
}
