/** The detector's own errors: what was wrong, where, and how to mend it. See NnError for the fields. */
import { NnError, type NnErrorOptions } from '../nn/errors.js';

/** Options of an error that always names its place. */
type PlacedErrorOptions = NnErrorOptions & { where: string };

/** A configuration that cannot be used; the message names each place and how to mend it. */
export class ConfigError extends NnError {
  /** Dotted paths of the values at fault. */
  readonly paths: readonly string[];

  constructor(
    code: 'config',
    message: string,
    options: NnErrorOptions & { paths?: readonly string[] } = {},
  ) {
    super(code, message, options);
    this.name = 'ConfigError';
    this.paths = options.paths ?? [];
  }
}

/** Stable machine-readable reasons of errors in data. */
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
export class DataError extends NnError {
  declare readonly code: DataErrorCode;
  /** File, `file:line`, JSON path or option. */
  declare readonly where: string;

  constructor(code: DataErrorCode, message: string, options: PlacedErrorOptions) {
    super(code, message, options);
    this.name = 'DataError';
  }
}

/** Why a picture cannot be turned into pixels. */
export type ImageDecodeErrorCode = Extract<DataErrorCode, `image-${string}` | 'file-missing'>;

/** A picture that cannot be turned into pixels (empty, truncated, wrong format, too large). */
export class ImageDecodeError extends DataError {
  declare readonly code: ImageDecodeErrorCode;

  constructor(code: ImageDecodeErrorCode, message: string, options: PlacedErrorOptions) {
    super(code, message, options);
    this.name = 'ImageDecodeError';
  }
}

/** Training cannot go on. */
export class TrainError extends NnError {
  constructor(code: string, message: string, options: NnErrorOptions = {}) {
    super(code, message, options);
    this.name = 'TrainError';
  }
}
