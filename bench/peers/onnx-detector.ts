/**
 * Face detectors of the user's in onnxruntime, from pixels to boxes; of a network whose interface is not
 * known only the run itself is timed. Pictures are scaled to fit the input, into its upper left corner; the
 * rest is black.
 */
import { readFileSync } from 'node:fs';
import type { DecodedImage } from '../../src/aofd/data/sample.js';
import { fitPicture } from './fit-picture.js';
import { readerOf, type Face, type InputSize, type Outputs } from './onnx-readers.js';
import { sessionOptions, type Ort } from './ort.js';

/** How a picture is looked at. */
export interface Look {
  /** Lowest score; the detector's published default without. */
  floor?: number;
  /** The picture's longer side is scaled to at most this many pixels. */
  longSide?: number;
}

export interface OnnxDetector {
  /** `YuNet`, `SCRFD`, or null where only the run is known. */
  kind: string | null;
  input: InputSize;
  /** Faces in pixels of the picture; none of an unknown network. */
  detectAsync(
    picture: Pick<DecodedImage, 'data' | 'width' | 'height'>,
    look?: Look,
  ): Promise<Face[]>;
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
    async detectAsync(picture, { floor, longSide } = {}) {
      if (!reader) {
        await run(last);
        return [];
      }
      const { planes, scale } = fitPicture(picture, input, reader, longSide);
      last = planes;
      return suppress(reader.decode(await run(planes), input, floor), reader.nms).map((face) => ({
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
