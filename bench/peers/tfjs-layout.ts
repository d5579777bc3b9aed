/** Between our orders of dimensions and those of TensorFlow.js. */

/** (C, H, W) to (H, W, C). */
export function toChannelsLast(data: Float32Array, c: number, pixels: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let ch = 0; ch < c; ch++) {
    for (let p = 0; p < pixels; p++) out[p * c + ch] = data[ch * pixels + p] as number;
  }
  return out;
}

/** (H, W, C) to (C, H, W). */
export function toChannelsFirst(data: Float32Array, c: number, pixels: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let p = 0; p < pixels; p++) {
    for (let ch = 0; ch < c; ch++) out[ch * pixels + p] = data[p * c + ch] as number;
  }
  return out;
}

/** (O, I, 3, 3) to (3, 3, I, O). */
export function toHwio(weight: Float32Array, o: number, i: number): Float32Array {
  const out = new Float32Array(weight.length);
  for (let co = 0; co < o; co++) {
    for (let ci = 0; ci < i; ci++) {
      for (let tap = 0; tap < 9; tap++)
        out[(tap * i + ci) * o + co] = weight[(co * i + ci) * 9 + tap] as number;
    }
  }
  return out;
}

/** (3, 3, I, O) to (O, I, 3, 3). */
export function fromHwio(weight: Float32Array, o: number, i: number): Float32Array {
  const out = new Float32Array(weight.length);
  for (let tap = 0; tap < 9; tap++) {
    for (let ci = 0; ci < i; ci++) {
      for (let co = 0; co < o; co++)
        out[(co * i + ci) * 9 + tap] = weight[(tap * i + ci) * o + co] as number;
    }
  }
  return out;
}
