/**
 * "In pictures": each sample beside what was found in it, and a ring for each face that is filled as far as the
 * face is covered. The results are those stored with the page, so that it needs no WebGPU.
 */
import { byId, contextOf, make, newCanvas, percent } from '../dom.js';
import type { PageFace } from '../engine.js';
import { drawOverlay } from '../overlay.js';
import { LEVEL_COLORS, levelOf } from '../shares.js';
import { Still } from '../still.js';
import { facesOf, type StoredFaces } from '../stored.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Pixels of a ring's canvas. */
const RING = 216;

async function startAsync(): Promise<void> {
  const stored = (await (await fetch('../faces.json')).json()) as StoredFaces;
  const samples = (await (await fetch('../samples.json')).json()) as {
    name: string;
    title: string;
  }[];
  for (const { name, title } of samples) {
    const blob = await (await fetch(`../samples/${name}.jpg`)).blob();
    const { canvas } = await Still.fromBlobAsync(name, blob);
    const faces = facesOf(stored[name]?.faces ?? []);
    const plain = make('img', { src: `../samples/${name}.jpg`, alt: title });
    const row = make('section', { className: 'row' }, plain, arrow(), drawn(canvas, faces, title));
    row.append(make('div', { className: 'rings' }, ...faces.map((face) => ring(canvas, face))));
    byId('gallery', HTMLElement).append(row);
  }
}

function arrow(): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', 'M4 9h8.5L9 5.5 10.5 4l6 6-6 6L9 14.5 12.5 11H4z');
  svg.append(path);
  return svg;
}

function drawn(
  canvas: HTMLCanvasElement,
  faces: readonly PageFace[],
  title: string,
): HTMLCanvasElement {
  const shares = faces.map((face) => percent(face.occlusion?.ratio ?? 0)).join(', ');
  const result = newCanvas(canvas.width, canvas.height);
  result.setAttribute('role', 'img');
  result.setAttribute('aria-label', `${title}; covered: ${shares}`);
  const context = contextOf(result);
  context.drawImage(canvas, 0, 0);
  // The sizes at which pictures.css shows it on wide pages and on phones.
  const shown = matchMedia('(max-width: 620px)').matches ? 360 : 560;
  const unit = Math.max(canvas.width / shown, canvas.height / 400);
  drawOverlay(context, faces, { unit, scale: 1, showMask: true, highlight: null, mirrored: false });
  return result;
}

/** The face in a ring whose coloured part is the covered share. */
function ring(canvas: HTMLCanvasElement, face: PageFace): HTMLElement {
  const ratio = face.occlusion?.ratio ?? 0;
  const picture = newCanvas(RING, RING);
  const context = contextOf(picture);
  const middle = RING / 2;
  const [x1, y1, x2, y2] = face.box;
  const side = 1.15 * Math.max(x2 - x1, y2 - y1);
  context.save();
  context.beginPath();
  context.arc(middle, middle, middle - 18, 0, 2 * Math.PI);
  context.clip();
  const [left, top] = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2];
  context.drawImage(canvas, left, top, side, side, 18, 18, RING - 36, RING - 36);
  context.restore();
  context.lineWidth = 14;
  context.strokeStyle = 'rgb(128 140 150 / 35%)';
  context.beginPath();
  context.arc(middle, middle, middle - 8, 0, 2 * Math.PI);
  context.stroke();
  context.lineCap = 'round';
  context.strokeStyle = LEVEL_COLORS[levelOf(face)];
  context.beginPath();
  const from = -Math.PI / 2;
  context.arc(middle, middle, middle - 8, from, from + 2 * Math.PI * Math.max(0.003, ratio));
  context.stroke();
  return make('figure', {}, picture, make('figcaption', { textContent: percent(ratio) }));
}

startAsync().catch((error: unknown) => {
  byId('gallery', HTMLElement).textContent = String(error);
});
