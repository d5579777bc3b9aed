// One step of a tile kernel: acc_q_j (v quad q, s j) += sum over the tile's k of v * s. Expects tv, ts.
// Per four k's REG_V + REG_S vec4 reads of workgroup memory and 4 * REG_V * REG_S multiply-adds.
    for (var kq = 0u; kq < ${TILE_K / 4}u; kq++) {
#if S_K == 1
#for j in 0..REG_S
      let s_${j} = s_tile[kq * ${S_PITCH}u + ts + ${j * THREADS_S}u];
#endfor
#endif
#if V_K == 1
#for q in 0..REG_V / 4
#for r in 0..4
      let w_${q}_${r} = v_tile[kq * ${V_PITCH}u + ${r * TILE_V / 4}u + tv + ${q * THREADS_V}u];
#endfor
#endfor
#endif
#for u in 0..4
      {
#for q in 0..REG_V / 4
#if V_K == 1
        let v_${q} = vec4f(w_${q}_0[${u}], w_${q}_1[${u}], w_${q}_2[${u}], w_${q}_3[${u}]);
#else
        let v_${q} = v_tile[(kq * 4u + ${u}u) * ${V_PITCH}u + tv + ${q * THREADS_V}u];
#endif
#endfor
#if S_K == 0
#for j in 0..REG_S / 4
        let r_${j} = s_tile[(kq * 4u + ${u}u) * ${S_PITCH}u + ts + ${j * THREADS_S}u];
#endfor
#endif
#for q in 0..REG_V / 4
#for j in 0..REG_S
#if S_K == 1
        acc_${q}_${j} = fma(v_${q}, vec4f(s_${j}[${u}]), acc_${q}_${j});
#else
        acc_${q}_${j} = fma(v_${q}, vec4f(r_${j / 4}[${j % 4}]), acc_${q}_${j});
#endif
#endfor
#endfor
      }
#endfor
    }
