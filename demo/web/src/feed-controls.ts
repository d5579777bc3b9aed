/** The controls that belong to a camera or a film: there while it runs. */
import type { App } from './app.js';
import { byId } from './dom.js';

/** Whether the visitor chose another camera: it is being opened, or could not be. */
type Change = 'none' | 'opening' | 'failed';

export class FeedControls {
  readonly #app: App;
  readonly #camera = byId('camera', HTMLButtonElement);
  readonly #cameraText = byId('camera-text', HTMLElement);
  readonly #cameraOptions = byId('camera-options', HTMLElement);
  readonly #videoOptions = byId('video-options', HTMLElement);
  #change: Change = 'none';

  constructor(app: App) {
    this.#app = app;
  }

  /** Between two cameras none runs, yet the list stays, and with it the focus. */
  get isOpening(): boolean {
    return this.#change === 'opening';
  }

  change(change: Change): void {
    this.#change = change;
    this.show();
  }

  show(): void {
    const { live } = this.#app;
    const isCamera = live ? live.isCamera : this.isOpening;
    this.#camera.classList.toggle('primary', isCamera);
    this.#cameraText.textContent = isCamera ? 'Stop camera' : 'Camera';
    // After one that could not be opened, another can be chosen.
    this.#cameraOptions.hidden = !isCamera && (live !== null || this.#change !== 'failed');
    this.#videoOptions.hidden = !live || live.isCamera;
  }
}
