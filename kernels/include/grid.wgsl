// Flat index of an invocation in a grid that the host folded with grid1d():
// x runs over up to 65535 workgroups, y over the folds.
fn linear_index(gid: vec3u, groups: vec3u, workgroup_size: u32) -> u32 {
  return gid.x + gid.y * groups.x * workgroup_size;
}
