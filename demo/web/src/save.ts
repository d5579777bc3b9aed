/** Results as files. */
import type { Analysis } from './analysis.js';
import { make } from './dom.js';

/** Offers a file for download. */
export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  make('a', { href: address, download: name }).click();
  // The download has started once the click returned; some browsers read the address a little later.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The result as a document; boxes in pixels of the picture, masks as run lengths. */
export function documentOf(analysis: Analysis, adapter: string): object {
  const { name, width, height, faces, timeMs, settings } = analysis;
  return {
    picture: { name, width, height },
    adapter,
    timeMs: Math.round(timeMs * 10) / 10,
    settings,
    faces: faces.map((face) => face.toJSON()),
  };
}

export function saveJson(analysis: Analysis, adapter: string): void {
  const text = `${JSON.stringify(documentOf(analysis, adapter), null, 1)}\n`;
  download(`${stem(analysis.name)}.faces.json`, new Blob([text], { type: 'application/json' }));
}

export async function savePngAsync(name: string, canvas: HTMLCanvasElement): Promise<void> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error('the browser could not make a PNG of this picture.');
  download(`${stem(name)}.faces.png`, blob);
}

/** The name without its ending. */
function stem(name: string): string {
  return name.replace(/\.[^.]*$/, '') || 'picture';
}
