import type { BufferSlice } from './dispatch.js';

/** Consecutive elements (or units) of a buffer that are bound in one dispatch. */
export interface ElementRange {
  start: number;
  count: number;
}

/** A range of units with the binding that contains it. */
export interface Window extends ElementRange {
  /** Byte offset of the binding, a multiple of 256. */
  offset: number;
  /** Bytes of the binding. */
  size: number;
  /** Elements between the binding's begin and the window's first element. */
  base: number;
}

/** Bindings start at multiples of this many bytes: the largest alignment WebGPU may ask for. */
const alignment = 256;

/**
 * Splits `count` 4-byte elements into ranges of at most `limitBytes`, each starting at a multiple
 * of 64 elements, so that the ranges can be bound. One range when everything fits; none when
 * `count` is 0.
 */
export function windows1d(count: number, limitBytes: number): ElementRange[] {
  const most =
    count * 4 <= limitBytes
      ? count
      : Math.max(1, Math.floor(limitBytes / alignment)) * (alignment / 4);
  const ranges: ElementRange[] = [];
  for (let start = 0; start < count; start += most) {
    ranges.push({ start, count: Math.min(most, count - start) });
  }
  return ranges;
}

/**
 * Splits `count` units of `unitBytes` each (planes of a map, rows of a matrix) into windows whose
 * bindings have at most `limitBytes`. A window may begin inside a binding, `base` elements from
 * its begin, because units need not be multiples of 256 bytes. A unit that is larger than the
 * limit gets a window of its own. Windows start at multiples of `step` units where that many fit.
 */
export function windowsOf(
  count: number,
  unitBytes: number,
  limitBytes: number,
  step = 1,
): Window[] {
  const usable = unitBytes % alignment === 0 ? limitBytes : limitBytes - alignment;
  let most = count * unitBytes <= limitBytes ? count : Math.max(1, Math.floor(usable / unitBytes));
  if (most < count && most > step) most -= most % step;
  const windows: Window[] = [];
  for (let start = 0; start < count; start += most) {
    const taken = Math.min(most, count - start);
    windows.push(windowAt(start, taken, unitBytes));
  }
  return windows;
}

/** The window over units start .. start + count - 1. */
export function windowAt(start: number, count: number, unitBytes: number): Window {
  const begin = start * unitBytes;
  const offset = begin - (begin % alignment);
  return {
    start,
    count,
    offset,
    size: begin - offset + count * unitBytes,
    base: (begin - offset) / 4,
  };
}

/** The binding of a window; never smaller than 16 bytes, which empty tensors need. */
export function sliceOf(buffer: GPUBuffer, window: { offset: number; size: number }): BufferSlice {
  return { buffer, offset: window.offset, size: Math.max(16, window.size) };
}
