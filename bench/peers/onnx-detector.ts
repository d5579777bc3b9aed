/**
 * Face detectors of the user's in onnxruntime, from pixels to boxes. Two interfaces are known, by the
 * names and sizes of their outputs; of any other network only the run itself is timed.
 *
 * - YuNet (face_detection_yunet_2023mar): blue, green, red of 0..255; twelve outputs cls_S, obj_S,
 *   bbox_S, kps_S of S = 8, 16, 32; a cell's score is sqrt(cls · obj), its box centre (cell + t_xy) · S,
 *   its size exp(t_wh) · S.
 * - SCRFD: (red, green, blue - 127.5) / 128; scores, boxes and, in some, landmarks of strides 8, 16, 32,
 *   two anchors to a cell; a box is the distances from cell · S to its four sides, in units of S.
 *
 * Pictures are scaled to fit the input, into its upper left corner; the rest is black.
 */
import { readFileSync } from 'node:fs';
import type { DecodedImage } from '../../src/aofd/data/sample.js';
import { sessionOptions, type Ort, type OrtTensor } from './ort.js';

export interface Face {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  score: number;
}

export type Outputs = Readonly<Record<string, Pick<OrtTensor, 'data' | 'dims'>>>;

export interface InputSize {
  width: number;
  height: number;
}

/** How a known network wants its input and gives its boxes. */
export interface Reader {
  name: string;
  /** Channel of the picture for each of the input's planes. */
  channels: readonly [number, number, number];
  /** Input = (value - mean) / divisor. */
  mean: number;
  divisor: number;
  /** Boxes in pixels of the input before suppression. */
  decode(outputs: Outputs, input: InputSize): Face[];
  /** Boxes that overlap a better one by more are dropped. */
  nms: number;
}

const STRIDES = [8, 16, 32] as const;

/** The published defaults: OpenCV's FaceDetectorYN and InsightFace's SCRFD. */
const YUNET_SCORE = 0.9;
const SCRFD_SCORE = 0.5;

const cells = ({ width, height }: InputSize, stride: number): number =>
  Math.ceil(width / stride) * Math.ceil(height / stride);

const dataOf = (outputs: Outputs, name: string): Float32Array =>
  outputs[name]?.data ?? new Float32Array();

const unit = (value: number): number => Math.min(1, Math.max(0, value));

function decodeYunet(outputs: Outputs, input: InputSize): Face[] {
  const faces: Face[] = [];
  for (const stride of STRIDES) {
    const columns = Math.ceil(input.width / stride);
    const [cls, obj, bbox] = ['cls', 'obj', 'bbox'].map((kind) =>
      dataOf(outputs, `${kind}_${stride}`),
    ) as [Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < cls.length; i++) {
      const score = Math.sqrt(unit(cls[i] as number) * unit(obj[i] as number));
      if (score < YUNET_SCORE) continue;
      const [dx = 0, dy = 0, dw = 0, dh = 0] = bbox.subarray(4 * i, 4 * i + 4);
      const x = ((i % columns) + dx) * stride;
      const y = (Math.floor(i / columns) + dy) * stride;
      const [w, h] = [Math.exp(dw) * stride, Math.exp(dh) * stride];
      faces.push({ x1: x - w / 2, y1: y - h / 2, x2: x + w / 2, y2: y + h / 2, score });
    }
  }
  return faces;
}

/** Anchors of SCRFD to a cell. */
const ANCHORS = 2;

/** The output with so many numbers to an anchor of a stride; exports name and order them differently. */
function scrfdOutput(
  outputs: Outputs,
  input: InputSize,
  stride: number,
  numbers: number,
): Float32Array | undefined {
  const size = numbers * ANCHORS * cells(input, stride);
  return Object.values(outputs).find(
    ({ data, dims }) => data.length === size && dims[dims.length - 1] === numbers,
  )?.data;
}

function decodeScrfd(outputs: Outputs, input: InputSize): Face[] {
  const faces: Face[] = [];
  for (const stride of STRIDES) {
    const columns = Math.ceil(input.width / stride);
    const scores = scrfdOutput(outputs, input, stride, 1) ?? new Float32Array();
    const boxes = scrfdOutput(outputs, input, stride, 4) ?? new Float32Array();
    for (const [i, score] of scores.entries()) {
      if (score < SCRFD_SCORE) continue;
      const cell = Math.floor(i / ANCHORS);
      const [x, y] = [(cell % columns) * stride, Math.floor(cell / columns) * stride];
      const [left, top, right, bottom] = Array.from(
        boxes.subarray(4 * i, 4 * i + 4),
        (distance) => distance * stride,
      ) as [number, number, number, number];
      faces.push({ x1: x - left, y1: y - top, x2: x + right, y2: y + bottom, score });
    }
  }
  return faces;
}

/** What the outputs of a first run tell about the network; null for an unknown one. */
export function readerOf(outputs: Outputs, input: InputSize): Reader | null {
  const isYunet = STRIDES.every((stride) =>
    (
      [
        ['cls', 1],
        ['obj', 1],
        ['bbox', 4],
      ] as const
    ).every(
      ([kind, numbers]) =>
        dataOf(outputs, `${kind}_${stride}`).length === numbers * cells(input, stride),
    ),
  );
  if (isYunet) {
    return {
      ...{ name: 'YuNet', channels: [2, 1, 0], mean: 0, divisor: 1, nms: 0.3 },
      decode: decodeYunet,
    };
  }
  const isScrfd = STRIDES.every((stride) =>
    [1, 4].every((numbers) => scrfdOutput(outputs, input, stride, numbers) !== undefined),
  );
  if (!isScrfd) return null;
  return {
    ...{ name: 'SCRFD', channels: [0, 1, 2], mean: 127.5, divisor: 128, nms: 0.4 },
    decode: decodeScrfd,
  };
}

/** Greedy suppression, the best score first. */
export function suppress(faces: readonly Face[], most: number): Face[] {
  const kept: Face[] = [];
  for (const face of [...faces].sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(face, other) <= most)) kept.push(face);
  }
  return kept;
}

/** Intersection over union. */
function overlap(a: Face, b: Face): number {
  const w = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const h = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (w <= 0 || h <= 0) return 0;
  const area = (f: Face): number => (f.x2 - f.x1) * (f.y2 - f.y1);
  return (w * h) / (area(a) + area(b) - w * h);
}

/**
 * Planes of a picture that is scaled (bilinear, only where it has to be) into the input's corner.
 * @returns the input's data (1, 3, H, W), and input pixels per pixel of the picture
 */
export function fitPicture(
  { data, width, height }: Pick<DecodedImage, 'data' | 'width' | 'height'>,
  input: InputSize,
  { channels, mean, divisor }: Pick<Reader, 'channels' | 'mean' | 'divisor'>,
): { planes: Float32Array; scale: number } {
  const scale = Math.min(input.width / width, input.height / height);
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  const area = input.width * input.height;
  const planes = new Float32Array(3 * area).fill((0 - mean) / divisor);
  for (const [plane, channel] of channels.entries()) {
    const target = planes.subarray(plane * area, (plane + 1) * area);
    if (scale === 1) {
      for (let y = 0; y < h; y++) {
        let from = 3 * y * width + channel;
        const end = y * input.width + w;
        for (let to = y * input.width; to < end; to++, from += 3)
          target[to] = ((data[from] as number) - mean) / divisor;
      }
    } else {
      resample(data, { width, height, channel }, target, { width: w, height: h }, input.width);
      for (let y = 0; y < h; y++) {
        const row = target.subarray(y * input.width, y * input.width + w);
        for (let x = 0; x < w; x++) row[x] = ((row[x] as number) - mean) / divisor;
      }
    }
  }
  return { planes, scale };
}

/** One channel of a picture, bilinear, into rows that are `pitch` apart. */
function resample(
  data: ArrayLike<number>,
  from: InputSize & { channel: number },
  target: Float32Array,
  to: InputSize,
  pitch: number,
): void {
  const [xs, ys] = [sourcesOf(to.width, from.width), sourcesOf(to.height, from.height)];
  const at = (x: number, y: number): number =>
    data[3 * (y * from.width + x) + from.channel] as number;
  for (const [y, [y0, y1, v]] of ys.entries()) {
    for (const [x, [x0, x1, u]] of xs.entries()) {
      const upper = at(x0, y0) + u * (at(x1, y0) - at(x0, y0));
      const lower = at(x0, y1) + u * (at(x1, y1) - at(x0, y1));
      target[y * pitch + x] = upper + v * (lower - upper);
    }
  }
}

/** Two neighbours and the weight of the second. */
type Source = readonly [first: number, second: number, weight: number];

/** Where each of `to` places lies among `from`, pixel centres at halves. */
function sourcesOf(to: number, from: number): Source[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const first = Math.floor(place);
    return [first, Math.min(from - 1, first + 1), place - first];
  });
}

export interface OnnxDetector {
  /** `YuNet`, `SCRFD`, or null where only the run is known. */
  kind: string | null;
  input: InputSize;
  /** Faces in pixels of the picture; none of an unknown network. */
  detectAsync(picture: Pick<DecodedImage, 'data' | 'width' | 'height'>): Promise<Face[]>;
  /** The network alone, on the last picture. */
  runAsync(): Promise<void>;
  releaseAsync(): Promise<void>;
}

/**
 * Opens a network on pictures of 640x480, or of its own size where it has one.
 * @throws Error when its input is no map of three channels
 */
export async function openOnnxDetectorAsync(
  ort: Ort,
  file: string,
  cores: number,
): Promise<OnnxDetector> {
  const session = await ort.InferenceSession.create(
    readFileSync(file),
    sessionOptions('onnxruntime-node', cores),
  );
  const given = session.inputMetadata[0]?.shape ?? [];
  const dims = [1, 3, 480, 640].map((size, i) => {
    const fixed = given[i];
    return typeof fixed === 'number' && fixed > 0 ? fixed : size;
  });
  if (given.length !== 4 || dims[1] !== 3) {
    throw new Error(
      `${file}: its input is [${given.join(', ')}], not [1, 3, height, width]. Fix: pass a detector of pictures.`,
    );
  }
  const input = { width: dims[3] as number, height: dims[2] as number };
  const name = session.inputNames[0] as string;
  const run = (planes: Float32Array): Promise<Outputs> =>
    session.run({ [name]: new ort.Tensor('float32', planes, dims) });
  let last: Float32Array = new Float32Array(3 * input.width * input.height);
  const reader = readerOf(await run(last), input);
  return {
    kind: reader?.name ?? null,
    input,
    async detectAsync(picture) {
      if (!reader) {
        await run(last);
        return [];
      }
      const { planes, scale } = fitPicture(picture, input, reader);
      last = planes;
      return suppress(reader.decode(await run(planes), input), reader.nms).map((face) => ({
        x1: face.x1 / scale,
        y1: face.y1 / scale,
        x2: face.x2 / scale,
        y2: face.y2 / scale,
        score: face.score,
      }));
    },
    async runAsync() {
      await run(last);
    },
    releaseAsync: () => session.release(),
  };
}
