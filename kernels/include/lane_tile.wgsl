// Lane kernels, part 1: the accumulators of one subgroup's tile of 4L x 4L outputs (L = LANES).
// On lane s, c_<col>_<row>_<turn> belongs to tile row 4s + row and, with s' = partner(s, turn),
// to tile column col*L + s' (B_FORM 0) or 4s' + col (B_FORM 1).
#for col in 0..4
#for row in 0..4
#for turn in 0..LANES
  var c_${col}_${row}_${turn} = 0.0;
#endfor
#endfor
#endfor
