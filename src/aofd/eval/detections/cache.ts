/**
 * Detections of a set on the disk, so that an interrupted evaluation goes on where it stopped and a
 * repeated one needs no device. One file per weights and settings, one line of JSON per picture,
 * only ever appended to.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { diskError, sha256Hex } from '../../../nn/io/files/index.js';
import type { Detection } from '../protocol.js';
import { parseJsonText } from '../../../nn/json.js';

/** What detections depend on besides the picture. The adapter is not part of it. */
export interface CacheKey {
  /** SHA-256 of the weights file. */
  weights: string;
  /** Everything else that changes what is found, in a fixed order of keys. */
  settings: Readonly<Record<string, unknown>>;
}

/** What was found in one picture. */
export interface CachedPicture {
  /** First half of the SHA-256 of the picture's file. */
  hash: string;
  faces: Detection[];
  /** From pixels to faces, in milliseconds. */
  timeMs: number;
  /** Name of the adapter that did it. */
  adapter: string;
}

interface Line {
  hash: string;
  ms: number;
  adapter: string;
  faces: number[][];
  masks?: (readonly number[] | null)[];
}

/** Lines behind the first are a checksum, a space, and JSON. */
const FORMAT = 'aofd-detections/2';
const SUM_LENGTH = 16;

/** Detections by the content of the picture. */
export class DetectionCache implements Disposable {
  readonly file: string;
  readonly #fd: number;
  readonly #pictures = new Map<string, CachedPicture>();
  /** Lines that could not be read, other than a last one cut off. */
  #damaged = 0;

  /**
   * Opens or begins the file of these weights and settings.
   * @param folder is made where it is missing
   * @throws IoError when the folder cannot be written to
   */
  constructor(folder: string, key: CacheKey) {
    const text = JSON.stringify({ format: FORMAT, ...key });
    this.file = join(folder, `detections-${sha256Hex(text).slice(0, 16)}.jsonl`);
    try {
      mkdirSync(folder, { recursive: true });
      const isNew = !existsSync(this.file);
      const whole = isNew ? 0 : this.#read(readFileSync(this.file), text);
      this.#fd = openSync(this.file, 'a');
      if (whole === 0) {
        ftruncateSync(this.#fd, 0);
        this.#write(`${text}\n`);
      } else ftruncateSync(this.#fd, whole);
    } catch (error) {
      throw diskError('write', this.file, error);
    }
  }

  /** Pictures that are known. */
  get size(): number {
    return this.#pictures.size;
  }

  /** A sentence where lines were damaged, else null. */
  get warning(): string | null {
    if (this.#damaged === 0) return null;
    return `${this.file}: ${this.#damaged} damaged lines were left out; those pictures were looked at again.`;
  }

  get(hash: string): CachedPicture | undefined {
    return this.#pictures.get(hash);
  }

  /** Remembers a picture; the line is with the system when this returns. */
  add(picture: CachedPicture): void {
    const text = JSON.stringify(lineOf(picture));
    this.#write(`${checksum(text)} ${text}\n`);
    this.#pictures.set(picture.hash, picture);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw diskError('write', this.file, error);
    }
  }

  /** @returns bytes up to the end of the last whole line; 0 where the file is no such cache */
  #read(bytes: Buffer, head: string): number {
    const end = bytes.lastIndexOf(10) + 1;
    const [first, ...lines] = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    if (first !== head) return 0;
    for (const text of lines) {
      const line = parseLine(text);
      if (line) this.#pictures.set(line.hash, pictureOf(line));
      else this.#damaged++;
    }
    return end;
  }
}

const checksum = (text: string): string => sha256Hex(text).slice(0, SUM_LENGTH);

/** Null for a line that is not, byte for byte, one that was written. */
function parseLine(text: string): Line | null {
  const json = text.slice(SUM_LENGTH + 1);
  return text === `${checksum(json)} ${json}` ? (parseJsonText(json) as Line) : null;
}

/** Boxes to 1/10000 pixel, scores to what float32 holds: what is read back is what was used. */
function lineOf({ hash, faces, timeMs, adapter }: CachedPicture): Line {
  const hasMasks = faces.some((face) => face.mask);
  return {
    hash,
    ms: round(timeMs, 1),
    adapter,
    faces: faces.map((face) => [
      ...face.box,
      face.score,
      ...(face.occlusion === undefined ? [] : [face.occlusion]),
    ]),
    ...(hasMasks
      ? {
          masks: faces.map(({ mask }) =>
            mask ? [mask.x, mask.y, mask.width, mask.height, ...mask.counts] : null,
          ),
        }
      : {}),
  };
}

function pictureOf(line: Line): CachedPicture {
  const faces = line.faces.map((numbers, i): Detection => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, score = 0, occlusion] = numbers;
    const runs = line.masks?.[i];
    return {
      box: [x1, y1, x2, y2],
      score,
      ...(occlusion === undefined ? {} : { occlusion }),
      ...(runs ? { mask: maskOf(runs) } : {}),
    };
  });
  return { hash: line.hash, faces, timeMs: line.ms, adapter: line.adapter };
}

function maskOf(numbers: readonly number[]): NonNullable<Detection['mask']> {
  const [x = 0, y = 0, width = 0, height = 0, ...counts] = numbers;
  return { x, y, width, height, counts };
}

/** Rounds to that many decimals. */
export function round(value: number, digits: number): number {
  const power = 10 ** digits;
  return Math.round(value * power) / power;
}
