/** A photograph on the page: as it came, and as it is after the visitor covered something. */
import { paintOccluder } from '../../../src/aofd/data/occluders/painter.js';
import type { OccluderKind } from '../../../src/aofd/config/occluder-kinds.js';
import { KeyedRng } from '../../../src/aofd/data/rng.js';
import type { Box, DecodedImage } from '../../../src/aofd/data/sample.js';
import { contextOf, newCanvas } from './dom.js';

/** Longer side at most: beyond it, canvases of phones fail. */
const MAX_SIDE = 4096;

/** A line drawn with the brush, in pixels of the picture. */
interface Stroke {
  width: number;
  points: { x: number; y: number }[];
}

export class Still {
  readonly name: string;
  /** What is shown and analysed. */
  readonly canvas: HTMLCanvasElement;
  readonly #base: HTMLCanvasElement;
  readonly #strokes: Stroke[] = [];
  #garment: { kind: OccluderKind; boxes: readonly Box[]; seed: number } | null = null;
  #changes = 0;

  constructor(name: string, picture: CanvasImageSource, width: number, height: number) {
    const shrink = Math.min(1, MAX_SIDE / Math.max(width, height));
    const [w, h] = [Math.round(width * shrink), Math.round(height * shrink)];
    this.name = name;
    this.#base = newCanvas(w, h);
    contextOf(this.#base).drawImage(picture, 0, 0, w, h);
    this.canvas = newCanvas(w, h);
    this.#compose();
  }

  /** The picture of a file, turned by its EXIF orientation. Rejects for what is no picture. */
  static async fromBlobAsync(name: string, blob: Blob): Promise<Still> {
    const bitmap = await createImageBitmap(blob);
    try {
      return new Still(name, bitmap, bitmap.width, bitmap.height);
    } finally {
      bitmap.close();
    }
  }

  get isCovered(): boolean {
    return this.#strokes.length > 0 || this.#garment !== null;
  }

  /** Puts something over every face, in place of what was put there before. */
  cover(kind: OccluderKind, boxes: readonly Box[]): void {
    this.#garment = { kind, boxes, seed: this.#changes++ };
    this.#compose();
  }

  /** Begins a brush stroke. */
  beginStroke(x: number, y: number, width: number): void {
    this.#strokes.push({ width, points: [{ x, y }] });
    this.continueStroke(x + 0.1, y);
  }

  /** Draws on. */
  continueStroke(x: number, y: number): void {
    const stroke = this.#strokes.at(-1);
    if (!stroke) return;
    stroke.points.push({ x, y });
    drawStroke(contextOf(this.canvas), { ...stroke, points: stroke.points.slice(-2) });
  }

  /** Takes everything off again. */
  uncover(): void {
    this.#strokes.length = 0;
    this.#garment = null;
    this.#compose();
  }

  #compose(): void {
    const context = contextOf(this.canvas);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.#base, 0, 0);
    if (this.#garment) paintGarment(context, this.#garment);
    for (const stroke of this.#strokes) drawStroke(context, stroke);
  }
}

function drawStroke(context: CanvasRenderingContext2D, { width, points }: Stroke): void {
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  Object.assign(context, { lineWidth: width, lineCap: 'round', lineJoin: 'round' });
  context.strokeStyle = '#4a5d6e';
  context.stroke();
}

/** The same painter that made training pictures. */
function paintGarment(
  context: CanvasRenderingContext2D,
  garment: { kind: OccluderKind; boxes: readonly Box[]; seed: number },
): void {
  const { width, height } = context.canvas;
  const pixels = context.getImageData(0, 0, width, height);
  const image = rgbOf(pixels);
  const mask = new Uint8Array(width * height);
  garment.boxes.forEach((box, index) => {
    const face = { box, ignore: false, invalid: false };
    paintOccluder({ image, mask }, face, garment.kind, new KeyedRng(2024, garment.seed, index));
  });
  for (let i = 0, j = 0; j < image.data.length; i += 4, j += 3) {
    for (let c = 0; c < 3; c++) pixels.data[i + c] = image.data[j + c]!;
  }
  context.putImageData(pixels, 0, 0);
}

/** RGBA as RGB. */
export function rgbOf({ width, height, data }: ImageData): DecodedImage {
  const rgb = new Uint8Array(3 * width * height);
  for (let i = 0, j = 0; j < rgb.length; i += 4, j += 3) {
    for (let c = 0; c < 3; c++) rgb[j + c] = data[i + c]!;
  }
  return { width, height, data: rgb };
}
