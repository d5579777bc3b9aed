import { NnError, type NnErrorOptions } from '../errors.js';

/** What is wrong with a file, for programs. */
export type IoErrorCode =
  | 'io/format' // the bytes are not what the format demands
  | 'io/dtype' // a known format, an element type that this reader does not take
  | 'io/limit' // a size beyond a stated safety limit
  | 'io/missing' // a file or tensor that is not there
  | 'io/mismatch' // names or shapes differ from what the caller expects
  | 'io/argument' // the caller passed something that cannot be stored
  | 'io/disk' // the operating system refused: full disk, permissions
  | 'io/locked' // another process writes there
  | 'io/checksum'; // the content's hash differs from the recorded one

/** A tensor file that cannot be read or written; says in which file and tensor, got and expected. */
export class IoError extends NnError {
  declare readonly code: IoErrorCode;

  constructor(code: IoErrorCode, message: string, options: NnErrorOptions = {}) {
    super(code, message, options);
    this.name = 'IoError';
  }
}

/** `a, b, c and 12 more`: a list short enough for an error message. */
export function nameList(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** `64x3x3x3`, or `scalar` for a shape without axes. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('x');
}
