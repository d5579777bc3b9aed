/** The page "A look inside": one photograph, everything that the network computes of it, and a training run. */
import '../../../../src/aofd/browser/surroundings.js'; // before anything else
import { Detector } from '../../../../src/aofd/browser/index.js';
import { inspectAsync, type Inspection } from '../../../../src/aofd/detect/inspect/inspect.js';
import type { DecodedImage } from '../../../../src/aofd/data/sample.js';
import { byId, contextOf, make, newCanvas, percent } from '../dom.js';
import { progressText } from '../engine.js';
import { plainMessage } from '../messages.js';
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

const state = byId('state', HTMLElement);
const photo = byId('photo', HTMLCanvasElement);
const generator = new GeneratorView();
const maps = new MapsView();
const training = new TrainingView(showProblem);
/** Counts the photographs, so that a late result of an earlier one is dropped. */
let turn = 0;

function showProblem(error: unknown): void {
  const { title, fix } = plainMessage(error);
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

async function inspectBlobAsync(detector: Detector, name: string, blob: Blob): Promise<void> {
  const own = ++turn;
  byId('problem', HTMLElement).hidden = true;
  const { canvas } = await shrunkAsync(name, blob);
  Object.assign(photo, { width: canvas.width, height: canvas.height });
  contextOf(photo).drawImage(canvas, 0, 0);
  state.textContent = 'Looking …';
  const image = rgbOf(contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height));
  const inspection = await inspectAsync(detector.core, image);
  if (own !== turn) return;
  state.textContent = `${inspection.faces.length} faces found`;
  maps.show({ image, canvas, inspection, config: detector.core.config });
  listFaces(detector, canvas, image, inspection);
}

function listFaces(
  detector: Detector,
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
    if (face) generator.showAsync(detector.core.network, face).catch(showProblem);
  };
  byId('faces', HTMLElement).replaceChildren(...buttons);
  if (faces.length > 0) choose(0);
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

function connectSources(detector: Detector): void {
  const open = (file: File | null | undefined): void => {
    if (file) inspectBlobAsync(detector, file.name, file).catch(showProblem);
  };
  const input = byId('file', HTMLInputElement);
  input.addEventListener('change', () => open(input.files?.[0]));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    open(event.dataTransfer?.files[0]);
  });
  document.addEventListener('paste', (event) => open(event.clipboardData?.files[0]));
}

async function startAsync(): Promise<void> {
  const samples = (await (await fetch('../samples.json')).json()) as Sample[];
  const weights = new URL('../weights/aofd-lite.inside.safetensors', document.baseURI);
  training.setSources(await sourcesAsync(samples));
  const detector = await Detector.createAsync({
    weights,
    onProgress: (progress) => (state.textContent = progressText(progress)),
  });
  const showAsync = async (name: string): Promise<void> => {
    const blob = await (await fetch(`../samples/${name}.jpg`)).blob();
    await inspectBlobAsync(detector, name, blob);
  };
  const items = samples.map(({ name, title }) => {
    const picture = make('img', { src: `../samples/${name}.small.jpg`, alt: title });
    const button = make('button', { type: 'button', title }, picture);
    button.addEventListener('click', () => {
      showAsync(name).catch(showProblem);
    });
    return make('li', {}, button);
  });
  byId('samples', HTMLUListElement).replaceChildren(...items);
  connectSources(detector);
  await showAsync('stairs'); // uncovered faces: what the generator does is seen best
}

startAsync().catch(showProblem);
