/**
 * WGSL text by path under `kernels/`, for bundles: `npm run build:browser` puts the texts here while it
 * bundles (scripts/embed-kernels.ts). Empty elsewhere; Node reads the files.
 */
export const kernelSources: Record<string, string> = {};
