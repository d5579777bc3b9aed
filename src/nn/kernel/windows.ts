/**
 * Windows: how what is larger than one binding is bound part by part. A tensor is seen as equal units one
 * after another: elements, rows of a matrix, planes of a map (image and channel quad), RoIs. Pure.
 */
import { NnError } from '../errors.js';
import { dims4, quads, type Shape } from '../tensor/shape.js';
import type { BufferSlice } from './dispatch.js';

/** Units start .. start + count - 1. */
export interface Window {
  start: number;
  count: number;
}

/** A window in a buffer. Bindings begin at multiples of 256 bytes, units need not. */
export interface BoundWindow extends BufferSlice {
  /** Elements of 4 bytes between the binding's begin and the window's first unit. */
  base: number;
}

/** Planes of a c4 map in its buffer: all quads of some images, or some quads of one. */
export interface MapWindow extends BoundWindow {
  imageFrom: number;
  imageCount: number;
  quadFrom: number;
  quadCount: number;
}

export interface WindowRules {
  /** Bytes of a unit, in each tensor that is bound by these windows. */
  unitBytes: number | readonly number[];
  /** Bytes that one binding holds: `context.bindingLimit`. */
  limit: number;
  /** Most units of a window; `maxPlanes` where an axis of the grid runs over them. Default: any number. */
  most?: number;
  /** Every window starts at a multiple of this many units. Default 1. */
  step?: number;
  /** Windows start at multiples of this many units where that many fit. Default 1. */
  panel?: number;
  /** What a unit is, for the error. */
  unit?: string;
}

/** Bindings begin at multiples of this many bytes: the largest alignment that WebGPU may ask for. */
const alignment = 256;

/** Planes of a dispatch whose grid has an axis over them: the most workgroups of an axis. */
export const maxPlanes = 65535;

/**
 * `count` units in windows that fit into bindings, in order: one where everything fits, none when
 * `count` is 0.
 * @throws NnError `binding-limit` when a binding cannot hold one unit (or `step` of them)
 */
export function windowsOf(count: number, rules: WindowRules): Window[] {
  const { limit, most = Infinity, step = 1, panel = 1, unit = 'unit' } = rules;
  const sizes = typeof rules.unitBytes === 'number' ? [rules.unitBytes] : rules.unitBytes;
  let each = Math.min(count, most);
  for (const bytes of sizes) {
    if (count * bytes <= limit) continue;
    each = Math.min(each, Math.floor(usableBytes(bytes * step, limit) / bytes));
  }
  if (each < count) {
    each -= each % step;
    if (each > panel) each -= each % panel;
    if (each < 1)
      throw tooLarge(step === 1 ? `one ${unit}` : `${step} ${unit}s`, step, sizes, limit);
  }
  const windows: Window[] = [];
  for (let start = 0; start < count; start += each) {
    windows.push({ start, count: Math.min(each, count - start) });
  }
  return windows;
}

/** Bytes of a binding for windows that start at multiples of so many bytes, and so maybe inside of it. */
function usableBytes(stepBytes: number, limit: number): number {
  return stepBytes % alignment === 0 ? limit : limit - alignment;
}

function tooLarge(what: string, step: number, sizes: readonly number[], limit: number): NnError {
  const bytes = Math.max(...sizes) * step;
  return new NnError(
    'binding-limit',
    `${what} of ${bytes} bytes cannot be bound: a binding has ${usableBytes(bytes, limit)} bytes here.`,
    { kind: 'device', fix: 'use a smaller image, or a smaller layer.' },
  );
}

/** Windows over single elements, as elementwise kernels take them: each begins where its binding does. */
export function elementWindows(count: number, limit: number, most = Infinity): Window[] {
  return windowsOf(count, { unitBytes: 4, limit, most, step: alignment / 4, unit: 'element' });
}

export interface MapWindowRules extends Pick<WindowRules, 'limit' | 'panel'> {
  /** One image a window, also where several would fit: for kernels that add up image by image. */
  apart?: boolean;
}

/** A c4 map in windows: whole where it fits, else whole images where one fits, else quads of each image. */
export function mapWindows(
  { buffer, shape }: { buffer: GPUBuffer; shape: Shape },
  { limit, panel = 1, apart = false }: MapWindowRules,
): MapWindow[] {
  const [n, c, h, w] = dims4(shape);
  const [all, planeBytes] = [quads(c), h * w * 16];
  const planes = (image: number, images: number, quad: number, count: number): MapWindow => ({
    ...bind(buffer, planeBytes, { start: image * all + quad, count: images * count }),
    imageFrom: image,
    imageCount: images,
    quadFrom: quad,
    quadCount: count,
  });
  if (!apart && n * all * planeBytes <= limit) return [planes(0, n, 0, all)];
  const usable = n === 1 ? limit : usableBytes(all * planeBytes, limit);
  if (all * planeBytes <= usable) {
    const most = apart ? 1 : Infinity;
    const images = windowsOf(n, { unitBytes: all * planeBytes, limit, most });
    return images.map(({ start, count }) => planes(start, count, 0, all));
  }
  // Quads of an image that is not the first may begin inside of their binding.
  const most = Math.floor(usableBytes(planeBytes, limit) / planeBytes);
  const rules = { unitBytes: planeBytes, limit, most, panel, unit: 'plane of a map' };
  const parts = windowsOf(all, rules);
  return Array.from({ length: n }, (_, image) =>
    parts.map(({ start, count }) => planes(image, 1, start, count)),
  ).flat();
}

/** Where a window of units of `unitBytes` bytes lies in a buffer. */
export function bind(buffer: GPUBuffer, unitBytes: number, { start, count }: Window): BoundWindow {
  const begin = start * unitBytes;
  const inside = begin % alignment;
  // Empty tensors have buffers of 16 bytes, the least that can be bound.
  const size = Math.max(16, inside + count * unitBytes);
  return { buffer, offset: begin - inside, size, base: inside / 4 };
}
