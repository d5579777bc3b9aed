/**
 * How the memory-bound operations over maps and rows (pooling, upsampling, RoI pooling, softmax) run:
 * where they read from and in which windows. Pure.
 */
import { NnError } from '../errors.js';
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

/** A range of planes (leading storage units: image and channel quad, or RoI). */
export interface PlaneWindow {
  first: number;
  count: number;
}

export interface MapPlan {
  source: MapSource;
  /** Why this source, in a few words. */
  reason: string;
  /** Planes (RoIs, rows) per dispatch. */
  windows: PlaneWindow[];
  /** Bytes of the largest binding, alignment included. */
  bytes: number;
}

const maxGroups = 65535;
/** A window may begin this many bytes after its binding. */
const alignment = 256;
/** Roi workgroups cover 4 rows of bins, and a grid axis holds 65535 workgroups. */
const maxRoiRows = maxGroups * 4;

/**
 * Splits `planes` equal storage units so that a window of each tensor (`unitBytes` a plane) fits into
 * one binding and a grid axis that runs over the planes stays legal.
 * @throws NnError `binding-limit` when not even one plane of a tensor fits
 */
export function planPlanes(
  planes: number,
  tensors: readonly { name: string; unitBytes: number }[],
  bindingLimit: number,
  maxCount = maxGroups,
): PlaneWindow[] {
  let count = Math.min(maxCount, maxGroups);
  const limit = bindingLimit - alignment;
  for (const { name, unitBytes } of tensors) {
    if (unitBytes > 0) count = Math.min(count, Math.floor(limit / unitBytes));
    if (count < 1) {
      throw new NnError(
        'binding-limit',
        `one plane of ${name} has ${unitBytes} bytes, this adapter binds ${limit}.`,
        { kind: 'device', fix: 'use a smaller image.' },
      );
    }
  }
  const windows: PlaneWindow[] = [];
  for (let first = 0; first < planes; first += count) {
    windows.push({ first, count: Math.min(count, planes - first) });
  }
  return windows;
}

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

function largest(windows: readonly PlaneWindow[], planes: number, unitBytes: number): number {
  const most = Math.max(0, ...windows.map((w) => w.count));
  return most * unitBytes + (most < planes ? alignment : 0);
}

/** Planes of a map that one dispatch binds: all quads of some images, or some quads of one. */
export interface FeatureWindow {
  imageFrom: number;
  imageCount: number;
  quadFrom: number;
  quadCount: number;
}

/**
 * Windows over a map whose images are looked at one by one: whole images where one fits into a
 * binding, else quads of each.
 * @throws NnError `binding-limit` when not even one plane fits
 */
export function planFeatures({ n, c, h, w }: MapSize, bindingLimit: number): FeatureWindow[] {
  const [planeBytes, all] = [h * w * 16, quads(c)];
  const whole = { imageFrom: 0, imageCount: n, quadFrom: 0, quadCount: all };
  if (n * all * planeBytes <= bindingLimit) return [whole];
  if (all * planeBytes <= bindingLimit - alignment) {
    const image = { name: 'an image of the map', unitBytes: all * planeBytes };
    return planPlanes(n, [image], bindingLimit).map(({ first, count }) => ({
      ...whole,
      imageFrom: first,
      imageCount: count,
    }));
  }
  const parts = planPlanes(all, [{ name: 'a map', unitBytes: planeBytes }], bindingLimit);
  return Array.from({ length: n }, (_, image) =>
    parts.map(({ first, count }) => ({
      ...{ imageFrom: image, imageCount: 1, quadFrom: first, quadCount: count },
    })),
  ).flat();
}

/** RoI pooling of `rois` boxes to size x size bins: windows of RoIs (of the features: planFeatures). */
export function planRoiPool(
  s: MapSize & { rois: number; size: number },
  caps: MapCapabilities,
): MapPlan {
  const unitBytes = quads(s.c) * s.size ** 2 * 16;
  const windows = planPlanes(
    s.rois,
    [{ name: 'the pooled RoIs', unitBytes }],
    caps.bindingLimit,
    Math.floor(maxRoiRows / s.size),
  );
  return { ...planMapSource(s, caps), windows, bytes: largest(windows, s.rois, unitBytes) };
}

/** 2x2 pooling: from buffers, in windows over image and channel quad. */
export function planPool(
  s: MapSize & { oh: number; ow: number },
  caps: Pick<MapCapabilities, 'bindingLimit'>,
): MapPlan {
  return {
    source: 'buffer',
    reason: 'every number is read once: a texture mirror costs more than it saves',
    ...planeMaps(s, [s.h * s.w * 16, s.oh * s.ow * 16], caps.bindingLimit),
  };
}

/** Bilinear upsampling: a texture source is bound whole, so that only the output has windows. */
export function planUpsample(
  s: MapSize & { oh: number; ow: number },
  caps: MapCapabilities,
  wanted?: MapSource,
): MapPlan {
  const chosen = wanted ? { source: wanted, reason: 'asked for' } : planMapSource(s, caps);
  const [input, output] = [s.h * s.w * 16, s.oh * s.ow * 16];
  const bound = chosen.source === 'texture' ? [output] : [input, output];
  return { ...chosen, ...planeMaps(s, bound, caps.bindingLimit) };
}

function planeMaps(
  s: MapSize,
  unitBytes: readonly number[],
  bindingLimit: number,
): { windows: PlaneWindow[]; bytes: number } {
  const planes = s.n * quads(s.c);
  const units = unitBytes.map((bytes) => ({ name: 'a map', unitBytes: bytes }));
  const windows = planPlanes(planes, units, bindingLimit);
  return { windows, bytes: largest(windows, planes, Math.max(...unitBytes)) };
}

/**
 * Softmax over rows of k numbers, one row per invocation: windows of whole rows, 64 at a time, whose
 * begin is a multiple of 256 bytes for every k.
 */
export function planSoftmax(
  s: { rows: number; k: number },
  caps: Pick<MapCapabilities, 'bindingLimit'>,
): MapPlan {
  const rowBytes = s.k * 4;
  const reason = 'one row per invocation';
  if (s.rows * rowBytes <= caps.bindingLimit) {
    const windows = s.rows > 0 ? [{ first: 0, count: s.rows }] : [];
    return { source: 'buffer', reason, windows, bytes: s.rows * rowBytes };
  }
  const most = Math.floor(caps.bindingLimit / (64 * rowBytes)) * 64;
  if (most < 64) {
    throw new NnError(
      'binding-limit',
      `64 rows of ${s.k} numbers exceed this adapter's binding of ${caps.bindingLimit} bytes.`,
      { kind: 'device', fix: 'use fewer classes.' },
    );
  }
  const windows: PlaneWindow[] = [];
  for (let first = 0; first < s.rows; first += most) {
    windows.push({ first, count: Math.min(most, s.rows - first) });
  }
  return { source: 'buffer', reason, windows, bytes: most * rowBytes };
}
