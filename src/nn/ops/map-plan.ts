/**
 * How the memory-bound operations over maps (upsampling, RoI pooling) run: where they read from and in
 * which windows. Pure.
 */
import { maxPlanes, windowsOf, type Window } from '../kernel/windows.js';
import type { AdapterKind } from '../platform/types.js';
import { quads } from '../tensor/shape.js';

/** What these planners may use. */
export interface MapCapabilities {
  kind: AdapterKind;
  readsStorageTextures: boolean;
  maxTextureSide: number;
  maxTextureLayers: number;
  /** Bytes of one binding. */
  bindingLimit: number;
}

export interface MapSize {
  n: number;
  c: number;
  h: number;
  w: number;
}

/** Which memory a map kernel reads: the tensor's buffer or its texture mirror. */
export type MapSource = 'texture' | 'buffer';

export interface MapPlan {
  source: MapSource;
  /** Why this source, in a few words. */
  reason: string;
  /** Planes (or RoIs) per dispatch. */
  windows: Window[];
}

/** RoI workgroups cover 4 rows of bins, and a grid axis holds 65535 workgroups. */
const maxRoiRows = maxPlanes * 4;

/**
 * Where a kernel that can read both reads a map from. The texture mirror pays on lavapipe only, where
 * a texture load of four channels costs as much as one scalar buffer load; features often have one
 * already, for a convolution. Everywhere else a copy buys nothing.
 */
export function planMapSource(
  map: MapSize,
  caps: MapCapabilities,
): { source: MapSource; reason: string } {
  const buffer = (reason: string): { source: MapSource; reason: string } => ({
    source: 'buffer',
    reason,
  });
  if (caps.kind !== 'lavapipe') return buffer('texture loads are no cheaper here');
  if (!caps.readsStorageTextures) return buffer('storage textures cannot be read');
  const fits =
    map.n * map.h <= caps.maxTextureSide &&
    map.w <= caps.maxTextureSide &&
    quads(map.c) <= caps.maxTextureLayers;
  if (!fits) return buffer('map exceeds textures');
  if (map.n * map.c * map.h * map.w === 0) return buffer('map is empty');
  return { source: 'texture', reason: 'a texel costs no more than a number' };
}

/** RoI pooling of `rois` boxes to size x size bins: windows of RoIs. */
export function planRoiPool(
  s: MapSize & { rois: number; size: number },
  caps: MapCapabilities,
): MapPlan {
  const windows = windowsOf(s.rois, {
    unitBytes: quads(s.c) * s.size ** 2 * 16,
    limit: caps.bindingLimit,
    most: Math.min(maxPlanes, Math.floor(maxRoiRows / s.size)),
    unit: 'pooled RoI',
  });
  return { ...planMapSource(s, caps), windows };
}

/** Bilinear upsampling: a texture source is bound whole, so that only the output has windows. */
export function planUpsample(
  s: MapSize & { oh: number; ow: number },
  caps: MapCapabilities,
  wanted?: MapSource,
): MapPlan {
  const chosen = wanted ? { source: wanted, reason: 'asked for' } : planMapSource(s, caps);
  const [input, output] = [s.h * s.w * 16, s.oh * s.ow * 16];
  const windows = windowsOf(s.n * quads(s.c), {
    unitBytes: chosen.source === 'texture' ? output : [input, output],
    limit: caps.bindingLimit,
    most: maxPlanes,
    unit: 'plane of a map',
  });
  return { ...chosen, windows };
}
