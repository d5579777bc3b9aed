/**
 * The kernels that compute outputs, for bundles: scripts/embed-kernels.ts puts the texts here while it bundles.
 * Empty elsewhere.
 */
export const forwardKernels: Record<string, string> = {};
