/** The place where pictures are shown with what was found in them. */
import { byId, contextOf } from './dom.js';
import type { PageFace } from './engine.js';
import { drawOverlay } from './overlay.js';
import type { Verdict } from './check.js';

/** A picture with its faces. */
export interface Scene {
  picture: HTMLCanvasElement;
  /** Null where nobody has looked yet. */
  faces: readonly PageFace[] | null;
  /** Width that the faces' coordinates refer to. */
  width: number;
  mirrored: boolean;
}

export class Stage {
  readonly element = byId('stage', HTMLElement);
  readonly canvas = byId('picture', HTMLCanvasElement);
  showMask = true;
  #highlight: number | null = null;
  #scene: Scene | null = null;
  readonly #first = byId('first', HTMLImageElement);
  readonly #note = byId('note', HTMLElement);
  readonly #busy = byId('busy', HTMLElement);
  readonly #busyText = byId('busy-text', HTMLElement);
  readonly #verdict = byId('verdict', HTMLElement);

  constructor() {
    new ResizeObserver(() => this.redraw()).observe(this.element);
  }

  show(scene: Scene): void {
    this.#scene = scene;
    this.redraw();
    this.canvas.hidden = false;
    this.#first.hidden = true;
  }

  highlight(index: number | null): void {
    if (this.#highlight === index) return;
    this.#highlight = index;
    this.redraw();
  }

  redraw(): void {
    const scene = this.#scene;
    if (!scene) return;
    const { picture } = scene;
    if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
      Object.assign(this.canvas, { width: picture.width, height: picture.height });
    }
    this.#paint(contextOf(this.canvas), scene, this.#unit());
  }

  /** The picture with everything drawn on it, for saving: labels in proportion to the picture. */
  drawTo(canvas: HTMLCanvasElement): void {
    const scene = this.#scene;
    if (!scene) return;
    const { width, height } = scene.picture;
    Object.assign(canvas, { width, height });
    this.#paint(contextOf(canvas), scene, Math.max(1, Math.max(width, height) / 1000));
  }

  /** A line at the picture's edge; empty for none. */
  note(text: string): void {
    this.#note.textContent = text;
    this.#note.hidden = text === '';
  }

  /** What is being waited for; empty for nothing. */
  busy(text: string): void {
    this.#busyText.textContent = text;
    this.#busy.hidden = text === '';
  }

  verdict(verdict: Verdict | null, text = ''): void {
    if (verdict) this.element.dataset['verdict'] = verdict;
    else delete this.element.dataset['verdict'];
    this.#verdict.textContent = text;
    this.#verdict.hidden = verdict === null;
  }

  /** Where a pointer is, in pixels of the picture. */
  locate({ clientX, clientY }: { clientX: number; clientY: number }): { x: number; y: number } {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return {
      x: ((clientX - left) / width) * this.canvas.width,
      y: ((clientY - top) / height) * this.canvas.height,
    };
  }

  #unit(): number {
    const shown = this.canvas.clientWidth || this.element.clientWidth;
    // On phones faces are small, and labels must leave some of them to be seen.
    const size = innerWidth < 600 ? 0.8 : 1;
    return shown > 0 ? Math.max(0.5, (size * this.canvas.width) / shown) : 1;
  }

  #paint(context: CanvasRenderingContext2D, scene: Scene, unit: number): void {
    const { picture, faces, width, mirrored } = scene;
    context.save();
    if (mirrored) context.setTransform(-1, 0, 0, 1, picture.width, 0);
    context.drawImage(picture, 0, 0);
    context.restore();
    drawOverlay(context, faces ?? [], {
      unit,
      scale: picture.width / width,
      mirrored,
      showMask: this.showMask,
      highlight: this.#highlight,
    });
  }
}
