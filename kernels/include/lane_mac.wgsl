// Lane kernels, part 2: adds four k's to the tile. Each lane has loaded its own part of A and B;
// B's values visit all lanes in L turns (lane_partner.wgsl). Order (turn, col, k, row): four accumulators stay in
// registers for 16 multiply-adds.
//   A_FORM 0: a<k> holds rows 4s..4s+3 at k.        A_FORM 1: a<row> holds k..k+3 of row 4s+row.
//   B_FORM 0: b<col> holds k..k+3 of column col*L+s. B_FORM 1: b<k> holds columns 4s..4s+3 at k.
#for turn in 0..LANES
#for col in 0..4
#for step in 0..4
  {
#if B_FORM == 0
    let own = b${col}[${step}];
#else
    let own = b${step}[${col}];
#endif
#if turn == 0
    let r = own;
#elif LANES > 4
    let r = subgroupShuffle(own, (lane + ${turn}u) & ${LANES - 1}u);
#elif turn == 1
    let r = quadSwapX(own);
#elif turn == 2
    let r = quadSwapY(own);
#else
    let r = quadSwapDiagonal(own);
#endif
#for row in 0..4
#if A_FORM == 0
    c_${col}_${row}_${turn} = fma(a${step}[${row}], r, c_${col}_${row}_${turn});
#else
    c_${col}_${row}_${turn} = fma(a${row}[${step}], r, c_${col}_${row}_${turn});
#endif
#endfor
  }
#endfor
#endfor
#endfor
