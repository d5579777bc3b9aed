/** Covering faces by hand: things to put on, and a brush. */
import type { OccluderKind } from '../../../src/aofd/config/occluder-kinds.js';
import type { App } from './app.js';
import { byId } from './dom.js';

/** What the buttons put on, by their `data-cover`. */
export const COVER_TOOLS: Readonly<Record<string, OccluderKind>> = {
  'medical-mask': 'medical-mask',
  sunglasses: 'sunglasses',
  scarf: 'scarf',
  hand: 'hand',
};

/** Width of the brush as a share of the picture's shorter side. */
const BRUSH = 0.06;

export function connectBrush(app: App): void {
  const button = byId('brush', HTMLButtonElement);
  const { canvas } = app.stage;
  let isOn = false;
  let pointer: number | null = null;
  button.addEventListener('click', () => {
    isOn = !isOn;
    button.setAttribute('aria-pressed', String(isOn));
    canvas.classList.toggle('brush', isOn);
  });
  canvas.addEventListener('pointerdown', (event) => {
    if (!isOn || !app.still || pointer !== null) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    const { x, y } = app.stage.locate(event);
    app.brush(x, y, BRUSH * Math.min(canvas.width, canvas.height), true);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointer) return;
    const { x, y } = app.stage.locate(event);
    app.brush(x, y, 0, false);
    // A GPU keeps up with the hand.
    if (app.detector?.adapterInfo.isSoftware === false) app.look();
  });
  for (const type of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      app.look();
    });
  }
}
