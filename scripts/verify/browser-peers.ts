/**
 * Face detectors for browsers, side by side: what is installed, and how a page of each finds faces. Every page
 * module sets `globalThis.peer`: `startAsync()` and `findAsync(address)`, which gives boxes [x1, y1, x2, y2] in
 * pixels of the picture, what is said of how covered each face is, and the time from pixels to faces in ms.
 */

/** Installed into a cache folder. */
export const PACKAGES = {
  '@vladmandic/face-api': '1.7.15',
  '@vladmandic/human': '3.3.6',
  // The short-range BlazeFace of MediaPipe. @mediapipe/tasks-vision comes without a model, and refuses this
  // package's ("requires specifying NormalizationOptions metadata"), so that it cannot take part from npm alone.
  // Its last release, 0.4.1657300184, aborts in a Chromium without a GPU; this one runs.
  '@mediapipe/face_detection': '0.4.1646425229',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
} as const;

export interface Peer {
  name: string;
  /** Where it computes in this comparison. */
  runs: string;
  module: string;
}

export interface Found {
  boxes: number[][];
  /** Covered shares, where the detector says something of the kind. */
  covered: (number | null)[];
  timeMs: number;
}

/** A picture as pixels, decoded before any clock runs. */
const LOAD = `
const loadAsync = async (address) => {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height });
  canvas.getContext('2d', { willReadFrequently: true }).drawImage(bitmap, 0, 0);
  return canvas;
};
const setPeer = (startAsync, detectAsync) => {
  globalThis.peer = {
    startAsync,
    async findAsync(address) {
      const canvas = await loadAsync(address);
      const before = performance.now();
      const faces = await detectAsync(canvas);
      const timeMs = performance.now() - before;
      return { boxes: faces.map(({ box }) => box), covered: faces.map(({ covered = null }) => covered), timeMs };
    },
  };
};`;

const faceApi = (net: string, options: string): string => `${LOAD}
import * as faceapi from '/npm/@vladmandic/face-api/dist/face-api.esm.js';
setPeer(
  async () => {
    faceapi.tf.setWasmPaths('/npm/@tensorflow/tfjs-backend-wasm/dist/');
    await faceapi.tf.setBackend('wasm');
    await faceapi.tf.ready();
    if (faceapi.tf.getBackend() !== 'wasm') throw new Error('no wasm backend');
    await faceapi.nets.${net}.loadFromUri('/npm/@vladmandic/face-api/model/');
  },
  async (canvas) => {
    const found = await faceapi.detectAllFaces(canvas, new faceapi.${options});
    return found.map(({ box }) => ({ box: [box.left, box.top, box.right, box.bottom] }));
  },
);`;

export const PEERS: readonly Peer[] = [
  {
    name: 'aofd-lite',
    runs: 'WebGPU',
    module: `${LOAD}
import { Detector } from '/aofd/aofd.js';
let detector;
setPeer(
  async () => { detector = await Detector.createAsync(); },
  async (canvas) => {
    const { faces } = await detector.detectAsync(canvas);
    return faces.map(({ box, occlusion }) => ({ box: [...box], covered: occlusion?.ratio }));
  },
);`,
  },
  {
    name: 'face-api Tiny',
    runs: 'WebAssembly',
    module: faceApi('tinyFaceDetector', 'TinyFaceDetectorOptions()'),
  },
  {
    name: 'face-api SSD',
    runs: 'WebAssembly',
    module: faceApi('ssdMobilenetv1', 'SsdMobilenetv1Options({ maxResults: 100 })'),
  },
  {
    name: 'human',
    runs: 'WebAssembly',
    module: `${LOAD}
import Human from '/npm/@vladmandic/human/dist/human.esm.js';
const off = { enabled: false };
const human = new Human({
  backend: 'wasm',
  wasmPath: '/npm/@tensorflow/tfjs-backend-wasm/dist/',
  modelBasePath: '/npm/@vladmandic/human/models/',
  cacheSensitivity: 0,
  filter: off,
  face: {
    enabled: true,
    detector: { maxDetected: 100, rotation: false },
    mesh: off, attention: off, iris: off, emotion: off, description: off, antispoof: off, liveness: off,
  },
  body: off, hand: off, object: off, gesture: off, segmentation: off,
});
setPeer(
  async () => {
    await human.load();
    if (human.tf.getBackend() !== 'wasm') throw new Error('no wasm backend');
  },
  async (canvas) => {
    const { face, error } = await human.detect(canvas);
    if (error) throw new Error(error);
    return face.map(({ box: [x, y, w, h] }) => ({ box: [x, y, x + w, y + h] }));
  },
);`,
  },
  {
    name: 'MediaPipe face_detection',
    runs: 'WebAssembly and WebGL',
    module: `${LOAD}
await new Promise((resolve, reject) => {
  const script = document.createElement('script');
  Object.assign(script, { src: '/npm/@mediapipe/face_detection/face_detection.js', onload: resolve, onerror: reject });
  document.head.append(script);
});
const detector = new FaceDetection({ locateFile: (name) => '/npm/@mediapipe/face_detection/' + name });
detector.setOptions({ model: 'short', minDetectionConfidence: 0.5 });
let found = [];
detector.onResults(({ detections }) => (found = detections));
setPeer(
  () => detector.initialize(),
  async (canvas) => {
    await detector.send({ image: canvas });
    const { width, height } = canvas;
    return found.map(({ boundingBox: b }) => ({
      box: [
        (b.xCenter - b.width / 2) * width, (b.yCenter - b.height / 2) * height,
        (b.xCenter + b.width / 2) * width, (b.yCenter + b.height / 2) * height,
      ],
    }));
  },
);`,
  },
];
