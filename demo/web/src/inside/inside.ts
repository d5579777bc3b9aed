/** The page "A look inside": one photograph, everything that the network computes of it, and a training run. */
import '../../../../src/aofd/browser/surroundings.js'; // before anything else
import { Detector } from '../../../../src/aofd/browser/index.js';
import { inspectAsync, type Inspection } from '../../../../src/aofd/detect/inspect/inspect.js';
import type { DecodedImage } from '../../../../src/aofd/data/sample.js';
import { byId, contextOf, make, newCanvas, percent } from '../dom.js';
import { progressText } from '../engine.js';
import { plainMessage, type PlainMessage } from '../messages.js';
import { drawOverlay } from '../overlay.js';
import { rgbOf, Still } from '../still.js';
import { facesOf, type StoredFaces } from '../stored.js';
import { sourceOf, type FaceSource } from './faces-set.js';
import { GeneratorView } from './generator-view.js';
import { MapsView } from './maps-view.js';
import { TrainingView } from './training-view.js';

interface Sample {
  name: string;
  title: string;
  paint: readonly unknown[];
}

/** Longer side of photographs here: maps are drawn for every pixel. */
const MAX_SIDE = 1024;
/** Codes of errors that mean: nothing can be computed in this browser. */
const NO_COMPUTING = ['no-webgpu', 'no-adapter', 'insecure-context'];
const STORED = 'The first page (Try it) shows stored results.';

const state = byId('state', HTMLElement);
const photo = byId('photo', HTMLCanvasElement);
const generator = new GeneratorView();
const maps = new MapsView();
const training = new TrainingView();
const input = byId('file', HTMLInputElement);
let detector: Detector | null = null;
/** Chosen last while the detector was not there yet. */
let waiting: File | null = null;
/** Counts the photographs, so that a late result of an earlier one is dropped. */
let turn = 0;

function canNotCompute(error: unknown): boolean {
  return NO_COMPUTING.includes(String((error as { code?: unknown } | null)?.code));
}

/** As on the other pages; but this one has no stored results to point at. */
function messageOf(error: unknown): PlainMessage {
  const { title, fix } = plainMessage(error);
  if (!canNotCompute(error)) return { title, fix };
  const own = fix.replace(/\s*[^.]*\bstored results\./, '');
  return { title, fix: `${own} ${STORED}` };
}

function showProblem(error: unknown): void {
  const { title, fix } = messageOf(error);
  byId('problem-title', HTMLElement).textContent = title;
  byId('problem-fix', HTMLElement).textContent = fix;
  byId('problem', HTMLElement).hidden = false;
  state.textContent = '';
}

/** A photograph, not larger than needed. */
async function shrunkAsync(name: string, blob: Blob): Promise<Still> {
  const bitmap = await createImageBitmap(blob);
  const shrink = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const still = new Still(name, bitmap, bitmap.width * shrink, bitmap.height * shrink);
  bitmap.close();
  return still;
}

async function lookAsync(
  loaded: Detector,
  name: string,
  source: Blob | Promise<Blob>,
): Promise<void> {
  const own = ++turn;
  byId('problem', HTMLElement).hidden = true;
  try {
    const { canvas } = await shrunkAsync(name, await source);
    if (own !== turn) return;
    Object.assign(photo, { width: canvas.width, height: canvas.height });
    contextOf(photo).drawImage(canvas, 0, 0);
    byId('faces', HTMLElement).replaceChildren(); // they would draw over the new photograph
    state.textContent = 'Looking …';
    const image = rgbOf(contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height));
    const inspection = await inspectAsync(loaded.core, image);
    if (own !== turn) return;
    state.textContent = foundText(inspection.faces.length);
    maps.show({ image, canvas, inspection, config: loaded.core.config });
    listFaces(loaded, canvas, image, inspection);
  } catch (error) {
    if (own === turn) showProblem(error);
  }
}

function foundText(count: number): string {
  if (count === 0) return 'No face found';
  return count === 1 ? 'One face found' : `${count} faces found`;
}

function listFaces(
  loaded: Detector,
  canvas: HTMLCanvasElement,
  image: DecodedImage,
  inspection: Inspection,
): void {
  const { faces } = inspection;
  const buttons = faces.map((face, i) => {
    const small = newCanvas(128, 128);
    const [x1, y1, x2, y2] = face.box;
    contextOf(small).drawImage(canvas, x1, y1, x2 - x1, y2 - y1, 0, 0, 128, 128);
    const covered = percent(face.occlusion?.ratio ?? 0);
    const button = make('button', { type: 'button', title: `Face ${i + 1}, ${covered} covered` });
    button.setAttribute('aria-label', button.title);
    button.append(small);
    button.addEventListener('click', () => choose(i));
    return button;
  });
  const choose = (index: number): void => {
    buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(i === index)));
    contextOf(photo).drawImage(canvas, 0, 0);
    const unit = photo.width / (photo.clientWidth || photo.width);
    const look = { unit, scale: 1, showMask: true, highlight: index, mirrored: false };
    drawOverlay(contextOf(photo), faces, look);
    const face = faceAt(image, inspection, index);
    if (face) generator.showAsync(loaded.core.network, face).catch(showProblem);
    else generator.clear('These weights hold no mask generator');
  };
  byId('faces', HTMLElement).replaceChildren(...buttons);
  if (faces.length > 0) choose(0);
  else generator.clear('No face found');
}

/** What the generator got and gave for one face. */
function faceAt(
  image: DecodedImage,
  { faces, tensors }: Inspection,
  index: number,
): Parameters<GeneratorView['showAsync']>[1] | null {
  const [pooled, heat] = [tensors.get('pooled'), tensors.get('generator/heat')];
  const box = faces[index]?.box;
  if (!pooled || !heat || !box) return null;
  const [, channels = 0, side = 0] = pooled.shape;
  const row = (data: unknown, size: number): Float32Array =>
    (data as Float32Array).subarray(index * size, (index + 1) * size);
  const cells = side * side;
  return {
    image,
    box,
    channels,
    side,
    pooled: row(pooled.data, channels * cells),
    heat: row(heat.data, cells),
  };
}

/** The uncovered faces of the samples, for training. */
async function sourcesAsync(samples: readonly Sample[]): Promise<FaceSource[]> {
  const stored = (await (await fetch('../faces.json')).json()) as StoredFaces;
  const sources: FaceSource[] = [];
  for (const { name, paint } of samples) {
    const faces = facesOf(stored[name]?.faces ?? []).filter((face) => face.score > 0.8);
    if (paint.length > 0 || faces.length < 2) continue; // painted, or cut from another
    const blob = await (await fetch(`../samples/${name}.jpg`)).blob();
    const { canvas } = await Still.fromBlobAsync(name, blob);
    sources.push(...faces.map((face) => sourceOf(canvas, face.box)));
  }
  return sources;
}

async function sampleAsync(name: string): Promise<Blob> {
  return (await fetch(`../samples/${name}.jpg`)).blob();
}

function open(file: File | null | undefined): void {
  if (!file) return;
  if (detector) void lookAsync(detector, file.name, file);
  else waiting = file;
}

/** Before anything is loaded: the browser would leave the page for a file that is dropped early. */
function connectSources(): void {
  input.addEventListener('change', () => {
    open(input.files?.[0]);
    input.value = ''; // or the same file could not be chosen again
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    open(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
}

function listSamples(loaded: Detector, samples: readonly Sample[]): void {
  const items = samples.map(({ name, title }) => {
    const picture = make('img', { src: `../samples/${name}.small.jpg`, alt: title });
    const button = make('button', { type: 'button', title }, picture);
    button.addEventListener('click', () => void lookAsync(loaded, name, sampleAsync(name)));
    return make('li', {}, button);
  });
  byId('samples', HTMLUListElement).replaceChildren(...items);
}

async function startAsync(): Promise<void> {
  const samples = (await (await fetch('../samples.json')).json()) as Sample[];
  // The detector does not wait for the training's pictures, nor fail with them.
  sourcesAsync(samples).then(
    (sources) => training.setSources(sources),
    (error: unknown) => training.refuse(plainMessage(error)),
  );
  const loaded = await Detector.createAsync({
    weights: new URL('../weights/aofd-lite.inside.safetensors', document.baseURI),
    onProgress: (progress) => {
      const next = waiting ? ` Then: ${waiting.name}` : '';
      state.textContent = progressText(progress) + next;
    },
  });
  detector = loaded;
  listSamples(loaded, samples);
  if (waiting) open(waiting);
  // Uncovered faces: what the generator does is seen best.
  else await lookAsync(loaded, 'stairs', sampleAsync('stairs'));
}

connectSources();
startAsync().catch((error: unknown) => {
  showProblem(error);
  input.disabled = true; // nothing is there to look at a file
  if (canNotCompute(error)) training.refuse(messageOf(error));
});
