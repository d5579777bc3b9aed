/** The tiny set that the page trains on: faces of the samples, moved, mirrored and painted over at random. */
import { paintOccluder } from '../../../../src/aofd/data/occluders/painter.js';
import type { OccluderKind } from '../../../../src/aofd/config/occluder-kinds.js';
import { KeyedRng } from '../../../../src/aofd/data/rng.js';
import type { DecodedImage } from '../../../../src/aofd/data/sample.js';

/** Side of the network's pictures, in pixels. */
export const SIDE = 32;
/** Larger pictures from which those are cut. */
const SOURCE = 48;
const KINDS: readonly OccluderKind[] = ['medical-mask', 'scarf', 'sunglasses', 'hand', 'block'];

/** Pictures and what they show. */
export interface FaceBatch {
  /** [N, 3, SIDE, SIDE], about -1..1. */
  pixels: Float32Array;
  /** [N]: 1 is covered. */
  labels: Int32Array;
}

/** A face in a square picture of `SOURCE` pixels, the face in its middle half. */
export type FaceSource = DecodedImage;

/** Cuts a face out, with as much again around it. */
export function sourceOf(canvas: HTMLCanvasElement, box: readonly number[]): FaceSource {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box;
  const side = 1.5 * Math.max(x2 - x1, y2 - y1);
  const small = new OffscreenCanvas(SOURCE, SOURCE);
  const context = small.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no drawing surface can be had.');
  context.imageSmoothingQuality = 'high';
  const [left, top] = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2];
  context.drawImage(canvas, left, top, side, side, 0, 0, SOURCE, SOURCE);
  const { data } = context.getImageData(0, 0, SOURCE, SOURCE);
  const rgb = new Uint8Array(3 * SOURCE * SOURCE);
  for (let i = 0; i < SOURCE * SOURCE; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = data[4 * i + c]!;
  }
  return { width: SOURCE, height: SOURCE, data: rgb };
}

/** The face's box inside of a source. */
function faceBox(): [number, number, number, number] {
  const edge = SOURCE / 6;
  return [edge, edge, SOURCE - edge, SOURCE - edge];
}

/** A batch, half of it covered; the same `key` gives the same batch. */
export function makeBatch(
  sources: readonly FaceSource[],
  size: number,
  key: readonly [number, number],
): FaceBatch {
  const pixels = new Float32Array(size * 3 * SIDE * SIDE);
  const labels = new Int32Array(size);
  for (let n = 0; n < size; n++) {
    const rng = new KeyedRng(11, ...key, n);
    const source = sources[Math.floor(rng.next() * sources.length)]!;
    const image = { ...source, data: source.data.slice() };
    labels[n] = n % 2;
    if (labels[n] === 1) {
      const mask = new Uint8Array(SOURCE * SOURCE);
      const face = { box: faceBox(), ignore: false, invalid: false };
      const kind = KINDS[Math.floor(rng.next() * KINDS.length)]!;
      paintOccluder({ image, mask }, face, kind, rng);
    }
    writeCrop(image, pixels.subarray(n * 3 * SIDE * SIDE, (n + 1) * 3 * SIDE * SIDE), {
      left: Math.floor(rng.next() * 9) + (SOURCE - SIDE) / 2 - 4,
      top: Math.floor(rng.next() * 9) + (SOURCE - SIDE) / 2 - 4,
      isMirrored: rng.next() < 0.5,
      gain: 0.75 + 0.5 * rng.next(),
    });
  }
  return { pixels, labels };
}

interface Crop {
  left: number;
  top: number;
  isMirrored: boolean;
  gain: number;
}

/** SIDE x SIDE pixels of a source as planes of about -1..1. */
function writeCrop(
  { data }: DecodedImage,
  out: Float32Array,
  { left, top, isMirrored, gain }: Crop,
): void {
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const sx = left + (isMirrored ? SIDE - 1 - x : x);
      for (let c = 0; c < 3; c++) {
        const value = data[3 * ((top + y) * SOURCE + sx) + c]! * gain;
        out[c * SIDE * SIDE + y * SIDE + x] = value / 127.5 - 1;
      }
    }
  }
}
