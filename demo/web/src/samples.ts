/** The row of sample photographs. */
import type { App } from './app.js';
import { byId, make } from './dom.js';
import { Still } from './still.js';
import { facesOf, type StoredFaces } from './stored.js';

interface Sample {
  name: string;
  title: string;
}

export interface SamplesRow {
  showAsync(name: string): Promise<void>;
  /** Marks none as chosen. */
  unpress(): void;
}

/** `onShow` is called when a sample is shown. */
export async function connectSamplesAsync(app: App, onShow: () => void): Promise<SamplesRow> {
  const [samples, stored] = await Promise.all([
    jsonAsync<Sample[]>('samples.json'),
    jsonAsync<StoredFaces>('faces.json'),
  ]);
  const buttons = new Map<string, HTMLButtonElement>();
  const press = (name: string | null): void => {
    for (const [key, button] of buttons) button.setAttribute('aria-pressed', String(key === name));
  };
  const showAsync = async (name: string): Promise<void> => {
    const isNewest = app.claim();
    press(name);
    try {
      const response = await fetchedAsync(`samples/${name}.jpg`);
      const still = await Still.fromBlobAsync(`${name}.jpg`, await response.blob());
      if (!isNewest()) return;
      const records = stored[name]?.faces;
      app.showStill(still, records ? facesOf(records) : null);
      onShow();
    } catch (error) {
      if (isNewest()) throw error;
    }
  };
  const items = samples.map(({ name, title }) => {
    const picture = make('img', { src: `samples/${name}.small.jpg`, alt: title, loading: 'lazy' });
    const button = make('button', { type: 'button', title }, picture);
    button.addEventListener('click', () => {
      showAsync(name).catch(app.onError);
    });
    buttons.set(name, button);
    return make('li', {}, button);
  });
  byId('samples', HTMLUListElement).replaceChildren(...items);
  return { showAsync, unpress: () => press(null) };
}

async function jsonAsync<T>(address: string): Promise<T> {
  return (await (await fetchedAsync(address)).json()) as T;
}

async function fetchedAsync(address: string): Promise<Response> {
  const response = await fetch(address);
  if (response.ok) return response;
  throw new Error(`${address} cannot be loaded: status ${response.status}.`);
}
