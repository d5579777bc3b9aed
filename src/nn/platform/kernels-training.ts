/** The kernels of gradients, losses and optimisers, for bundles, as in kernels-forward.ts. */
export const trainingKernels: Record<string, string> = {};
