/** Gathers the detections of result files, with the checks that all formats share. */
import { DataError } from '../../errors.js';
import { ImageNames } from './image-names.js';
import type { Detection, DetectionSet, EvalImage, Fact } from '../protocol.js';

export interface CollectOptions {
  /**
   * The same box with the same score twice in an image: `error`, or `count` it in a warning where
   * the official tool of the format tolerates it. Default `count`.
   */
  duplicates?: 'error' | 'count';
  /** A negative width or height: `error` (default), or `count` it where the official tool does not mind. */
  negativeSizes?: 'error' | 'count';
}

/**
 * Detections of a set of images while files are read. Boxes of zero size are kept, as the official
 * tools do (they can never be right), and counted.
 */
export class DetectionCollector {
  private readonly names: ImageNames;
  private readonly byImage = new Map<string, Detection[]>();
  private readonly seen = new Map<string, Map<string, string>>();
  private file = '';
  private readonly fileOf = new Map<string, string>();
  private readonly blocks = new Map<string, string>();
  private readonly unknown = new Map<string, string>();
  private readonly facts: Fact[] = [];
  private readonly warnings: string[] = [];
  private zeroSize = 0;
  private firstZero = '';
  private duplicates = 0;
  private firstDuplicate = '';
  private negative = 0;
  private firstNegative = '';

  constructor(
    images: readonly EvalImage[],
    private readonly format: string = 'detections',
  ) {
    this.names = new ImageNames(images);
  }

  /** Detections so far. */
  get count(): number {
    let count = 0;
    for (const faces of this.byImage.values()) count += faces.length;
    return count;
  }

  /** Begins a result file: an image's boxes come from one of them. */
  openFile(file: string): void {
    this.file = file;
  }

  addFact(name: string, value: string): void {
    this.facts.push({ name, value });
  }

  addWarning(text: string): void {
    this.warnings.push(text);
  }

  /**
   * The set's name for a name in a file, or null for an unknown one, which is remembered.
   * @throws DataError when several images could be meant
   */
  resolve(name: string, where: string): string | null {
    const match = this.names.match(name);
    if (match.kind === 'found') return match.name;
    if (match.kind === 'ambiguous') {
      throw new DataError(
        'list-malformed',
        `"${name}" could be several images of the set (${match.names.join(', ')}, ...).`,
        { where, fix: 'write the whole path as the set has it' },
      );
    }
    if (!this.unknown.has(name)) this.unknown.set(name, where);
    return null;
  }

  /**
   * For formats with one block per image: the set's name, or null for an unknown one.
   * @throws DataError when the image had a block before
   */
  openImage(name: string, where: string): string | null {
    const image = this.resolve(name, where);
    if (image === null) return null;
    const before = this.blocks.get(image);
    if (before !== undefined) {
      throw new DataError('list-malformed', `image "${name}" has results already (${before}).`, {
        where,
        fix: 'give each image once; merge its boxes',
      });
    }
    this.blocks.set(image, where);
    if (!this.byImage.has(image)) this.byImage.set(image, []);
    return image;
  }

  /**
   * Adds a detection of an image that `resolve` or `openImage` named.
   * @throws DataError on numbers that are not finite, negative sizes, images of which another file has boxes,
   *   and duplicates by choice
   */
  add(image: string, face: Detection, where: string, options: CollectOptions = {}): void {
    checkFace(face, where);
    this.checkFile(image, where);
    const [x1, y1, x2, y2] = face.box;
    if (x2 < x1 || y2 < y1) {
      if (options.negativeSizes !== 'count') throw negativeSize(face, where);
      if (this.negative++ === 0) this.firstNegative = where;
    }
    if (x2 === x1 || y2 === y1) {
      if (this.zeroSize++ === 0) this.firstZero = where;
    }
    let faces = this.byImage.get(image);
    if (!faces) this.byImage.set(image, (faces = []));
    let seen = this.seen.get(image);
    if (!seen) this.seen.set(image, (seen = new Map<string, string>()));
    const key = `${face.box.join(' ')} ${face.score} ${face.category ?? ''}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, where);
    else if (options.duplicates === 'error') {
      throw new DataError('list-malformed', `the same box with the same score as ${before}.`, {
        where,
        fix: 'write each detection once',
      });
    } else if (this.duplicates++ === 0) this.firstDuplicate = where;
    faces.push(face);
  }

  private checkFile(image: string, where: string): void {
    const other = this.fileOf.get(image);
    if (other === undefined) this.fileOf.set(image, this.file);
    else if (other !== this.file) {
      throw new DataError('list-malformed', `image "${image}" has results already (${other}).`, {
        where,
        fix: 'give each image in one file; two runs over the same images are two detectors',
      });
    }
  }

  /**
   * Ends reading.
   * @throws DataError when images were named that the set does not have
   */
  finish(name: string): DetectionSet {
    const [first] = this.unknown;
    if (first) {
      const [unknownName, where] = first;
      const others = this.unknown.size - 1;
      throw new DataError(
        'list-malformed',
        `image "${unknownName}" is not in the set` +
          (others > 0 ? `, nor are ${others} other names in these files` : '') +
          ` (the set has ${this.names.size} images, such as "${this.names.example}").`,
        {
          where,
          fix: 'use the names of the set, check that the results are of this set and split, or remove them',
        },
      );
    }
    const warnings = [...this.warnings];
    if (this.zeroSize > 0) {
      warnings.push(
        `${this.zeroSize} ${this.format} have a box of zero width or height (first: ` +
          `${this.firstZero}); kept, they can only be wrong.`,
      );
    }
    if (this.negative > 0) {
      warnings.push(
        `${this.negative} ${this.format} have a negative width or height (first: ` +
          `${this.firstNegative}); kept, as the official tool does.`,
      );
    }
    if (this.duplicates > 0) {
      warnings.push(
        `${this.duplicates} ${this.format} repeat a box and score of the same image (first: ` +
          `${this.firstDuplicate}); kept, at most one of each can be right.`,
      );
    }
    return { name, byImage: this.byImage, facts: this.facts, warnings };
  }
}

function negativeSize({ box }: Detection, where: string): DataError {
  return new DataError(
    'box-invalid',
    `the box has a negative size (x1 y1 x2 y2 = ${box.join(' ')}).`,
    { where, fix: 'check the order of the corners, and that corners are not width and height' },
  );
}

/** @throws DataError naming the first number of a detection that cannot be */
function checkFace(face: Detection, where: string): void {
  if (!face.box.every(Number.isFinite)) {
    throw new DataError(
      'box-invalid',
      `the box has a value that is not a finite number (got ${face.box.join(' ')}).`,
      { where, fix: 'correct or remove this detection' },
    );
  }
  if (!Number.isFinite(face.score)) {
    throw new DataError('list-malformed', `the score is not a finite number (got ${face.score}).`, {
      where,
      fix: 'correct or remove this detection; a detector that gives NaN has failed on this picture',
    });
  }
  const { occlusion } = face;
  if (occlusion !== undefined && !(occlusion >= 0 && occlusion <= 1)) {
    throw new DataError('list-malformed', `the covered share is ${occlusion}, expected 0 to 1.`, {
      where,
      fix: 'give the covered share of the box, not a percentage',
    });
  }
}
