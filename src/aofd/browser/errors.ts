import { NnError, type NnErrorOptions } from '../../nn/errors.js';

/** What a page cannot have here, and what to do about it. */
export class BrowserError extends NnError {
  constructor(
    code: 'weights-download' | 'picture' | 'picture-cross-origin' | 'video',
    message: string,
    options: NnErrorOptions = {},
  ) {
    super(code, message, options);
    this.name = 'BrowserError';
  }
}
