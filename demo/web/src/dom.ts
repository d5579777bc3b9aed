/** Small helpers for the pages' elements. */

/** The element of that id. @throws Error where the page lacks it or it is of another kind */
export function byId<T extends Element>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}.`);
}

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** The 2D context of a canvas. */
export function contextOf(
  canvas: HTMLCanvasElement,
  options?: CanvasRenderingContext2DSettings,
): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', options);
  if (context) return context;
  throw new Error(`no drawing surface of ${canvas.width}x${canvas.height} pixels can be had.`);
}

/** An empty canvas that is not on the page. */
export function newCanvas(width: number, height: number): HTMLCanvasElement {
  return make('canvas', { width, height });
}

/** "38 %" of 0.38, not to be broken. */
export function percent(share: number): string {
  return `${Math.round(100 * share)}\u00a0%`;
}

/** "420 ms", "1.3 s". */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
