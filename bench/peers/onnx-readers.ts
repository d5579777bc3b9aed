/**
 * How known face detectors want their input and give their boxes. Two interfaces are known, by the names
 * and sizes of their outputs:
 *
 * - YuNet (face_detection_yunet_2023mar): blue, green, red of 0..255; twelve outputs cls_S, obj_S,
 *   bbox_S, kps_S of S = 8, 16, 32; a cell's score is sqrt(cls · obj), its box centre (cell + t_xy) · S,
 *   its size exp(t_wh) · S.
 * - SCRFD: (red, green, blue - 127.5) / 128; scores, boxes and, in some, landmarks of strides 8, 16, 32,
 *   two anchors to a cell; a box is the distances from cell · S to its four sides, in units of S.
 */
import type { OrtTensor } from './ort.js';

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
  /** Boxes in pixels of the input before suppression, of scores from `floor` (the published default) up. */
  decode(outputs: Outputs, input: InputSize, floor?: number): Face[];
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

function decodeYunet(outputs: Outputs, input: InputSize, floor = YUNET_SCORE): Face[] {
  const faces: Face[] = [];
  for (const stride of STRIDES) {
    const columns = Math.ceil(input.width / stride);
    const [cls, obj, bbox] = ['cls', 'obj', 'bbox'].map((kind) =>
      dataOf(outputs, `${kind}_${stride}`),
    ) as [Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < cls.length; i++) {
      const score = Math.sqrt(unit(cls[i] as number) * unit(obj[i] as number));
      if (score < floor) continue;
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

function decodeScrfd(outputs: Outputs, input: InputSize, floor = SCRFD_SCORE): Face[] {
  const faces: Face[] = [];
  for (const stride of STRIDES) {
    const columns = Math.ceil(input.width / stride);
    const scores = scrfdOutput(outputs, input, stride, 1) ?? new Float32Array();
    const boxes = scrfdOutput(outputs, input, stride, 4) ?? new Float32Array();
    for (const [i, score] of scores.entries()) {
      if (score < floor) continue;
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
    const channels = [2, 1, 0] as const;
    return { name: 'YuNet', channels, mean: 0, divisor: 1, nms: 0.3, decode: decodeYunet };
  }
  const isScrfd = STRIDES.every((stride) =>
    [1, 4].every((numbers) => scrfdOutput(outputs, input, stride, numbers) !== undefined),
  );
  if (!isScrfd) return null;
  const channels = [0, 1, 2] as const;
  return { name: 'SCRFD', channels, mean: 127.5, divisor: 128, nms: 0.4, decode: decodeScrfd };
}
