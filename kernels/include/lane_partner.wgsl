// Whose value of B a lane holds in a turn. Eight lanes rotate; four are a quad, whose swaps SwiftShader
// carries out in one instruction where a shuffle takes lane by lane.
#if LANES == 4
fn partner(lane: u32, turn: u32) -> u32 { return lane ^ turn; }
#else
fn partner(lane: u32, turn: u32) -> u32 { return (lane + turn) & ${LANES - 1}u; }
#endif
