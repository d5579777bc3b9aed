/** How much a packed file may unpack to: small ones anything reasonable, large ones a multiple of their size. */

/** Up to this many bytes whatever the packed size: label maps of one colour pack a thousandfold. */
const ALWAYS_BYTES = 2 ** 26;
/** Beyond that, at most this many times the packed size: weights and labels pack a few times. */
const MOST_RATIO = 64;

/** @param ceiling never more than this */
export function mostUnpackedBytes(packedBytes: number, ceiling: number): number {
  return Math.min(ceiling, Math.max(ALWAYS_BYTES, MOST_RATIO * packedBytes));
}
