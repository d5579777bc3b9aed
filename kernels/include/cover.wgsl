// What is in the first of two maps and not in the second (loss/cover_dice).

// 1 for labels (1, 0), 0 where the first is 0 or the second 1, -1 where it is unknown. Two bits a map.
fn cover_goal(label: u32) -> f32 {
  let first = label & 3u;
  let second = (label >> 2u) & 3u;
  if (first == 0u || second == 1u) { return 0.0; }
  return select(-1.0, 1.0, first == 1u && second == 0u);
}
