/** Proposals, objectness, segmentation and feature maps over the photograph. */
import { occluderMap, occluderPicture } from '../../../../src/aofd/detect/occluders.js';
import { heatOver } from '../../../../src/aofd/detect/inspect/heat.js';
import type { Inspection } from '../../../../src/aofd/detect/inspect/inspect.js';
import type { Config } from '../../../../src/aofd/config/index.js';
import { logitStride } from '../../../../src/aofd/model/segmentation.js';
import type { DecodedImage } from '../../../../src/aofd/data/sample.js';
import { byId, contextOf, make } from '../dom.js';
import { showMaps, showRaster } from './rasters.js';

/** A photograph and everything that the network computed of it. */
export interface InsideLook {
  image: DecodedImage;
  canvas: HTMLCanvasElement;
  inspection: Inspection;
  config: Config;
}

/** A map over the whole picture. */
type FullMap = Parameters<typeof heatOver>[1];

const NOTHING = { shape: [0, 0, 0] as readonly number[], data: new Float32Array(0) };

export class MapsView {
  readonly #count = byId('proposals', HTMLInputElement);
  readonly #strides = byId('strides', HTMLElement);
  #look: InsideLook | null = null;

  constructor() {
    this.#count.addEventListener('input', () => this.#drawProposals());
  }

  show(look: InsideLook): void {
    this.#look = look;
    const proposals = look.inspection.tensors.get('proposals/scores')?.shape[0] ?? 0;
    this.#count.max = String(Math.max(1, proposals));
    this.#drawProposals();
    this.#drawObjectness(look);
    this.#drawSegmentation(look);
    this.#listStrides(look);
  }

  #drawProposals(): void {
    const look = this.#look;
    if (!look) return;
    const { canvas, inspection } = look;
    const boxes = inspection.tensors.get('proposals/boxes')?.data ?? [];
    const scores = inspection.tensors.get('proposals/scores')?.data ?? [];
    const count = Math.min(this.#count.valueAsNumber, scores.length);
    byId('proposals-value', HTMLOutputElement).value = `best ${count} of ${scores.length}`;
    const view = byId('proposals-view', HTMLCanvasElement);
    Object.assign(view, { width: canvas.width, height: canvas.height });
    const context = contextOf(view);
    context.globalAlpha = 0.55;
    context.drawImage(canvas, 0, 0);
    context.lineWidth = Math.max(1.5, canvas.width / 450);
    context.strokeStyle = '#ffd34d';
    // The best last, over the others.
    for (let i = count - 1; i >= 0; i--) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = [0, 1, 2, 3].map(
        (j) => Number(boxes[4 * i + j]) / inspection.scale,
      );
      context.globalAlpha = 0.15 + 0.85 * Number(scores[i]) ** 2;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }

  /** The largest probability over the anchors of each cell, of all levels. */
  #drawObjectness({ image, inspection }: InsideLook): void {
    const levels = strided(inspection, 'rpn/objectness/stride');
    const finest = levels[0];
    if (!finest) return;
    const [, height = 0, width = 0] = finest.shape;
    const best = new Float32Array(height * width);
    for (const { shape, data, stride } of levels) {
      const [anchors = 0, h = 0, w = 0] = shape;
      const step = stride / finest.stride;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [cy, cx] = [Math.floor(y / step), Math.floor(x / step)];
          if (cy >= h || cx >= w) continue;
          for (let a = 0; a < anchors; a++) {
            const value = Number(data[a * h * w + cy * w + cx]);
            best[y * width + x] = Math.max(best[y * width + x]!, value);
          }
        }
      }
    }
    const scale = inspection.scale / finest.stride;
    const map = { values: best, height, width, scale };
    showRaster(byId('objectness-view', HTMLCanvasElement), heatOver({ ...image }, map));
  }

  #drawSegmentation({ image, inspection, config }: InsideLook): void {
    const { shape, data } = inspection.tensors.get('segmentation/logits') ?? NOTHING;
    const [, , height = 0, width = 0] = shape;
    if (height === 0) return;
    const { segmentation } = config.model;
    const cells = { height, width, scale: inspection.scale / logitStride(segmentation) };
    const logits = occluderMap(data as Float32Array, cells, segmentation.output);
    const { width: w, height: h } = image;
    const full = occluderPicture(logits, { width: w, height: h }, null);
    showRaster(byId('segmentation', HTMLCanvasElement), heatOver(image, bytesMap(full, w, h)));
    const gated = inspection.tensors.get('segmentation/occluder')?.data as Uint8Array | undefined;
    const shown = gated ?? new Uint8Array(w * h);
    showRaster(byId('gated', HTMLCanvasElement), heatOver(image, bytesMap(shown, w, h)));
  }

  #listStrides(look: InsideLook): void {
    const levels = strided(look.inspection, 'features/stride');
    const buttons = levels.map((level) => {
      const button = make('button', { type: 'button', textContent: `Stride ${level.stride}` });
      button.addEventListener('click', () => {
        for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
        showLevel(level);
      });
      return button;
    });
    this.#strides.replaceChildren(...buttons);
    buttons[0]?.click();
  }
}

interface Level {
  stride: number;
  shape: readonly number[];
  data: ArrayLike<number | bigint>;
}

/** Tensors by stride, finest first. */
function strided({ tensors }: Inspection, prefix: string): Level[] {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return found
    .map(([name, { shape, data }]) => ({ stride: Number(name.slice(prefix.length)), shape, data }))
    .sort((a, b) => a.stride - b.stride);
}

function showLevel({ stride, shape, data }: Level): void {
  const [, channels = 0, height = 0, width = 0] = shape;
  const maps = { data: data as ArrayLike<number>, channels, height, width };
  const columns = window.innerWidth < 600 ? 6 : 12;
  showMaps(byId('features', HTMLCanvasElement), maps, columns);
  byId('features-text', HTMLElement).textContent =
    `${channels} channels of ${width}x${height} cells; one cell stands for ${stride}x${stride} pixels of the network’s input.`;
}

/** Values 0..255, one for each pixel, as a map of 0..1. */
function bytesMap(bytes: ArrayLike<number>, width: number, height: number): FullMap {
  const values = Float32Array.from(bytes, (v) => v / 255);
  return { values, height, width, scale: 1 };
}
