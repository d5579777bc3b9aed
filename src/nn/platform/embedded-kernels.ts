/**
 * WGSL text by path under `kernels/` that bundles carry. Node reads the files and leaves this empty.
 */
export const embeddedKernels: Record<string, string> = {};
