/**
 * The present name of a convolution or matrix algorithm. Version 0.1 called the lane kernels of
 * convolutions `direct`: that name is still read, in AOFD_ALGORITHM, options and tuning tables.
 */
export function presentName(algorithm: string): string {
  return algorithm === 'direct' ? 'lanes' : algorithm;
}
