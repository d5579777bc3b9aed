/** Sizes of a convolution: x (N, C, H, W) * w (O, C, KH, KW) -> y (N, O, OH, OW). */
export interface ConvShape {
  n: number;
  c: number;
  h: number;
  w: number;
  o: number;
  kh: number;
  kw: number;
  oh: number;
  ow: number;
  stride: number;
  pad: number;
  dilation: number;
}

/** What the planner may use. */
export interface ConvCapabilities {
  /** Lanes of subgroup kernels, 0 = none. */
  lanes: number;
  maxTextureSide: number;
  maxTextureLayers: number;
  /** Bytes of one binding; default no limit. */
  bindingLimit?: number;
  /** Force one algorithm for every pass (environment AOFD_ALGORITHM, tests). */
  force?: ConvAlgorithm | undefined;
}

export const convAlgorithms = ['naive', 'direct', 'winograd2', 'winograd4'] as const;

export type ConvAlgorithm = (typeof convAlgorithms)[number];

export interface ConvPlan {
  forward: ConvAlgorithm;
  inputGradient: ConvAlgorithm;
  weightGradient: ConvAlgorithm;
}

/** Taps that the tables of rot_conv hold. */
export const maxTaps = 64;

/** Multiply-add FLOPs of one pass (2 per multiply-add). */
export function convFlops(s: ConvShape): number {
  return 2 * s.n * s.o * s.oh * s.ow * s.c * s.kh * s.kw;
}

/**
 * Algorithm of each pass. Pure. Winograd F(4x4, 3x3) for 3x3 stride 1 with enough channels and
 * tiles to fill lane tiles, direct lane rotation otherwise, the naive kernels where lanes cannot
 * be used, textures would be too large, or the work is too small to be worth packing.
 */
export function planConv(s: ConvShape, caps: ConvCapabilities): ConvPlan {
  const fits = (height: number, width: number, channels: number): boolean =>
    height <= caps.maxTextureSide &&
    width <= caps.maxTextureSide &&
    Math.ceil(channels / 4) <= caps.maxTextureLayers;
  const laneable =
    caps.lanes > 0 &&
    s.kh * s.kw <= maxTaps &&
    fits(s.n * s.h, s.w, s.c) &&
    fits(s.n * s.oh, s.ow, s.o);
  if (!laneable || caps.force === 'naive')
    return { forward: 'naive', inputGradient: 'naive', weightGradient: 'naive' };
  const isSmall = convFlops(s) < 2e5 && caps.force === undefined;
  if (isSmall) return { forward: 'naive', inputGradient: 'naive', weightGradient: 'naive' };
  const is3x3 = s.kh === 3 && s.kw === 3 && s.stride === 1 && s.dilation === 1 && s.pad <= 2;
  const tiles = s.n * Math.ceil(s.oh / 4) * Math.ceil(s.ow / 4);
  const widest = Math.max(s.c, s.o) * caps.lanes;
  const worthwhile = s.c >= 32 && s.o >= 32 && tiles >= 32;
  const possible = is3x3 && widest <= caps.maxTextureSide;
  if (caps.force === 'direct')
    return { forward: 'direct', inputGradient: 'direct', weightGradient: 'direct' };
  if (possible && caps.force)
    return { forward: caps.force, inputGradient: caps.force, weightGradient: caps.force };
  if (possible && worthwhile) {
    // All frequencies of dU, padded to panels of 4L channels, are one binding.
    const panel = 4 * caps.lanes;
    const padded = (channels: number): number => Math.ceil(channels / panel) * panel;
    const holdsGradient =
      36 * (padded(s.o) * padded(s.c) + 32) * 4 <= (caps.bindingLimit ?? Infinity);
    const useful = tiles >= 64 && holdsGradient;
    return {
      forward: 'winograd4',
      inputGradient: 'winograd4',
      weightGradient: useful ? 'winograd4' : 'direct',
    };
  }
  return { forward: 'direct', inputGradient: 'direct', weightGradient: 'direct' };
}
