/**
 * Errors of the data layer. Every message says what is wrong, where (file and line, or JSON path),
 * what was got and expected, and how to fix it.
 */

/** Stable machine-readable reasons. */
export type DataErrorCode =
  | 'file-missing'
  | 'list-malformed'
  | 'box-invalid'
  | 'image-empty'
  | 'image-truncated'
  | 'image-format'
  | 'image-too-large'
  | 'option-invalid'
  | 'worker-failed';

/** A mistake in the data or in the options of the data layer. */
export class DataError extends Error {
  constructor(
    readonly code: DataErrorCode,
    /** File, `file:line` or JSON path. */
    readonly where: string,
    what: string,
    readonly fix: string,
  ) {
    super(`${where}: ${what}. Fix: ${fix}`);
    this.name = 'DataError';
  }
}

/** A picture that cannot be turned into pixels (empty, truncated, wrong format, too large). */
export class ImageDecodeError extends DataError {
  constructor(
    code: 'file-missing' | 'image-empty' | 'image-truncated' | 'image-format' | 'image-too-large',
    where: string,
    what: string,
    fix: string,
  ) {
    super(code, where, what, fix);
    this.name = 'ImageDecodeError';
  }
}
