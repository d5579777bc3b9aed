/** Runs in the browser, in a page or a worker: what the tests ask of `aofd/browser`. */
import {
  Detector,
  drawFacesOnCanvas,
  type DetectorOptions,
  type FaceRecord,
  type PictureSource,
  type Progress,
} from '../../../src/aofd/browser/index.js';
import { checkModelAsync, inspectAsync } from '../../../src/aofd/browser/inspect.js';
import type { Outcome } from '../outcome.js';

const photograph = (i: number): string => `/photographs/sample${i}.jpg`;
const weights = '/aofd/aofd-lite.web.safetensors';

async function outcomeAsync(detector: Detector, source: PictureSource): Promise<Outcome> {
  const { faces, width, height } = await detector.detectAsync(source);
  const plain = faces.map(({ box, score, occlusion }) => ({
    box: [...box],
    score,
    ratio: occlusion?.ratio,
    covered: occlusion?.mask.data.reduce((sum, v) => sum + v, 0) ?? 0,
  }));
  return { faces: plain, width, height };
}

/** Faces of photographs by number, with the progress of loading. */
export async function photographsAsync(
  numbers: number[],
): Promise<{ found: Outcome[]; progress: Progress[]; adapter: unknown }> {
  const progress: Progress[] = [];
  await using detector = await Detector.createAsync({ onProgress: (p) => progress.push(p) });
  const found: Outcome[] = [];
  for (const i of numbers) found.push(await outcomeAsync(detector, photograph(i)));
  return { found, progress, adapter: detector.adapterInfo };
}

/** The same photograph in every form that a page has. */
export async function sourcesAsync(): Promise<Record<string, FaceRecord[]>> {
  await using detector = await Detector.createAsync({ maxSize: 320 });
  const blob = await (await fetch(photograph(1))).blob();
  const image = new Image();
  image.src = photograph(1);
  await image.decode();
  const size = [image.naturalWidth, image.naturalHeight] as const;
  const canvas = Object.assign(document.createElement('canvas'), {
    width: size[0],
    height: size[1],
  });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.drawImage(image, 0, 0);
  const offscreen = new OffscreenCanvas(...size);
  offscreen.getContext('2d')?.drawImage(image, 0, 0);
  const sources: Record<string, PictureSource> = {
    address: photograph(1),
    url: new URL(photograph(1), location.href),
    blob,
    image,
    canvas,
    offscreen,
    bitmap: await createImageBitmap(blob),
    imageData: context.getImageData(0, 0, ...size),
    frame: new VideoFrame(canvas, { timestamp: 0 }),
  };
  const found: Record<string, FaceRecord[]> = {};
  for (const [name, source] of Object.entries(sources)) {
    found[name] = (await detector.detectAsync(source)).faces.map((face) => face.record(false));
  }
  return found;
}

/** Codes of what goes wrong, by name. */
export async function errorsAsync(): Promise<Record<string, { code: string; message: string }>> {
  const errors: Record<string, { code: string; message: string }> = {};
  const tryAsync = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    errors[name] = await work().then(
      () => ({ code: 'none', message: '' }),
      (error: Error & { code?: string }) => ({
        code: error.code ?? error.name,
        message: error.message,
      }),
    );
  };
  await tryAsync('no file', () => Detector.createAsync({ weights: '/aofd/none' }));
  await tryAsync('a page', () => Detector.createAsync({ weights: '/' }));
  await tryAsync('no weights', () => Detector.createAsync({ weights: new ArrayBuffer(100) }));
  const detector = await Detector.createAsync({ maxSize: 128 });
  await tryAsync('empty', () => detector.detectAsync(new Image()));
  await tryAsync('missing', () => detector.detectAsync('/photographs/none.jpg'));
  await tryAsync('no picture', () => detector.detectAsync(new Blob(['hello'])));
  await tryAsync('null', () => detector.detectAsync(null as never));
  await tryAsync('bytes', () => detector.detectAsync(new Uint8Array(100) as never));
  const broken = new Image();
  broken.src = '/photographs/none.jpg';
  await tryAsync('broken image', () => detector.detectAsync(broken));
  await tryAsync('no size', () => detector.detectAsync(photograph(1), { maxSize: 0 }));
  await tryAsync('no size at all', () => Detector.createAsync({ maxSize: -1 }));
  await tryAsync('settings', () => detector.detectAsync(photograph(1), { score: 7 }));
  // As a browser does that takes the device back, for example after importing a video's texture.
  detector.core.device.context.gpu.destroy();
  await tryAsync('lost', () => detector.detectAsync(photograph(1)));
  const closed = await Detector.createAsync({ maxSize: 128 });
  await closed.disposeAsync();
  await tryAsync('disposed', () => closed.detectAsync(photograph(1)));
  return errors;
}

/** Size, threshold and mirror by call; weights as bytes. */
export async function settingsAsync(): Promise<Record<string, number>> {
  const bytes = await (await fetch(weights)).arrayBuffer();
  const options: DetectorOptions = { weights: bytes, maxSize: 320, score: 0.3 };
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter) options.adapter = adapter;
  await using detector = await Detector.createAsync(options);
  const count = async (settings = {}): Promise<number> =>
    (await detector.detectAsync(photograph(1), settings)).faces.length;
  return {
    plain: await count(),
    strict: await count({ score: 0.999999 }),
    tiny: await count({ maxSize: 32 }),
    mirrored: await count({ flip: true }),
    hidden: (await detector.detectAsync(await transparentAsync())).faces.length,
  };
}

/** A photograph of which nothing is to be seen: its pixels are there, transparent. */
async function transparentAsync(): Promise<ImageData> {
  const bitmap = await createImageBitmap(await (await fetch(photograph(1))).blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context?.drawImage(bitmap, 0, 0);
  const image = context?.getImageData(0, 0, bitmap.width, bitmap.height) as ImageData;
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 0;
  return image;
}

/** Every layer against its float64 reference, and the names that a look inside gives. */
export async function layersAsync(): Promise<{
  passed: boolean;
  rows: number;
  failed: string[];
  tensors: string[];
}> {
  await using detector = await Detector.createAsync({ weights: '/aofd/full.safetensors' });
  const { passed, rows } = await checkModelAsync(detector.core.network);
  const failed = rows.filter((row) => !row.passed).map(({ name }) => name);
  const image = { width: 90, height: 60, data: new Uint8Array(90 * 60 * 3).fill(90) };
  const { tensors } = await inspectAsync(detector.core, image);
  return { passed, rows: rows.length, failed, tensors: [...tensors.keys()] };
}

/** Pixels that drawing changes on a white canvas, at twice the size. */
export async function drawingAsync(): Promise<{ changed: number; faces: number }> {
  await using detector = await Detector.createAsync({ maxSize: 320 });
  const { faces, width, height } = await detector.detectAsync(photograph(1));
  const canvas = new OffscreenCanvas(width / 2, height / 2);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawFacesOnCanvas(context, faces, { scale: 0.5 });
  drawFacesOnCanvas(context, faces, { scale: 0.5, mirrored: true, labels: false });
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { changed: data.filter((v) => v !== 255).length, faces: faces.length };
}

/** Faces in the frames of a video that shows one photograph; how many buffers each frame makes. */
export async function videoAsync(): Promise<{
  frames: FaceRecord[][];
  made: number[];
  still: string[];
}> {
  await using detector = await Detector.createAsync({ maxSize: 320 });
  const image = await createImageBitmap(await (await fetch(photograph(1))).blob());
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 640, height: 426 });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const draw = (): void => context.drawImage(image, 0, 0, 640, 426);
  const timer = setInterval(draw, 50);
  const video = document.createElement('video');
  Object.assign(video, { muted: true, srcObject: canvas.captureStream(20) });
  try {
    await video.play();
    const frames: FaceRecord[][] = [];
    const made: number[] = [];
    for await (const { faces } of detector.forVideo(video)) {
      frames.push(faces.map((face) => face.record(false)));
      made.push(detector.core.device.context.memory.buffers.stats.misses);
      if (frames.length === 4) break;
    }
    // Nothing new is drawn: the present frame is seen once, the next one when there is one.
    clearInterval(timer);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const still: string[] = [];
    const again = detector.forVideo(video);
    await again.nextAsync().then(() => still.push('present'));
    const next = again.nextAsync().then(() => still.push('next'));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    still.push('drawn');
    draw();
    await next;
    return { frames, made, still };
  } finally {
    clearInterval(timer);
  }
}

/** The same in a module worker of its own file. */
export function workerAsync(): Promise<Outcome> {
  const worker = new Worker('/test/worker.js', { type: 'module' });
  return new Promise<Outcome>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ outcome?: Outcome; error?: string }>) =>
      data.outcome ? resolve(data.outcome) : reject(new Error(data.error));
    worker.onerror = (event) => reject(new Error(event.message));
  }).finally(() => worker.terminate());
}

Object.assign(globalThis, {
  tests: {
    photographsAsync,
    sourcesAsync,
    errorsAsync,
    settingsAsync,
    layersAsync,
    drawingAsync,
    videoAsync,
    workerAsync,
  },
});
