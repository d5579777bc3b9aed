/** Packages with native or large parts, which no bundler can take in (docs/usage.md, "Bundlers"). */
export const EXTERNALS = [
  'sharp',
  'webgpu',
  'pngjs',
  'h5wasm',
  '@resvg/resvg-js',
  '@sparticuz/chromium',
] as const;
