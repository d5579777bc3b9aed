/** The list of faces beside the picture. */
import { byId, contextOf, make, percent } from './dom.js';
import type { PageFace } from './engine.js';
import { LEVEL_WORDS, levelOf } from './shares.js';
import type { Scene } from './stage.js';

interface Row {
  item: HTMLLIElement;
  picture: HTMLCanvasElement;
  title: HTMLElement;
  score: HTMLElement;
  share: HTMLElement;
}

/** Side of a face's little picture, in pixels of the screen. */
const SIDE = 48;

export class FacesList {
  readonly #list = byId('faces', HTMLOListElement);
  readonly #count = byId('count', HTMLElement);
  readonly #none = byId('no-faces', HTMLElement);
  /** Rows stay where they are from frame to frame, so that focus does. */
  readonly #rows: Row[] = [];
  readonly #onPoint: (index: number | null) => void;

  /** `onPoint` is told which face is pointed at, or null. */
  constructor(onPoint: (index: number | null) => void) {
    this.#onPoint = onPoint;
  }

  show(scene: Scene): void {
    const faces = scene.faces ?? [];
    this.#count.textContent = scene.faces ? String(faces.length) : '';
    this.#none.hidden = scene.faces?.length !== 0;
    while (this.#rows.length > faces.length) this.#rows.pop()?.item.remove();
    faces.forEach((face, i) => fillRow((this.#rows[i] ??= this.#addRow(i)), face, i, scene));
  }

  #addRow(index: number): Row {
    const picture = make('canvas', { width: 2 * SIDE, height: 2 * SIDE });
    const row = {
      picture,
      title: make('strong'),
      score: make('small'),
      share: make('span'),
    };
    const text = make('span', {}, row.title, row.score);
    const item = make('li', { tabIndex: 0 }, picture, text, row.share);
    const point = (isHere: boolean): void => {
      item.classList.toggle('here', isHere);
      this.#onPoint(isHere ? index : null);
    };
    for (const type of ['mouseenter', 'focus']) item.addEventListener(type, () => point(true));
    for (const type of ['mouseleave', 'blur']) item.addEventListener(type, () => point(false));
    this.#list.append(item);
    return { item, ...row };
  }
}

function fillRow(row: Row, face: PageFace, index: number, { picture, width }: Scene): void {
  const ratio = face.occlusion?.ratio ?? 0;
  const level = levelOf(face);
  row.title.textContent = `Face ${index + 1}, ${LEVEL_WORDS[level]}`;
  row.score.textContent = `score ${face.score.toFixed(2)}`;
  row.share.textContent = percent(ratio);
  row.share.className = `share ${level}`;
  const scale = picture.width / width;
  const [x1, y1, x2, y2] = face.box.map((v) => v * scale) as [number, number, number, number];
  const side = 1.25 * Math.max(x2 - x1, y2 - y1);
  const [left, top] = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2];
  const context = contextOf(row.picture);
  context.clearRect(0, 0, 2 * SIDE, 2 * SIDE);
  context.drawImage(picture, left, top, side, side, 0, 0, 2 * SIDE, 2 * SIDE);
}

/** The result in a sentence, for those who hear the page. */
export function spoken(faces: readonly PageFace[]): string {
  if (faces.length === 0) return 'No face found.';
  const shares = faces.map((face, i) => {
    const ratio = face.occlusion?.ratio ?? 0;
    return `face ${i + 1} ${LEVEL_WORDS[levelOf(face)]}, ${percent(ratio)}`;
  });
  return `${faces.length === 1 ? 'One face' : `${faces.length} faces`}: ${shares.join('; ')}.`;
}
