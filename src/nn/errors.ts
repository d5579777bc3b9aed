/** Whose fault an error is: the caller's, the device's, or this library's own. */
export type ErrorClass = 'user' | 'device' | 'internal';

/** What an error can say besides its code and its message. */
export interface NnErrorOptions {
  /** What to do about it, as one imperative sentence. */
  fix?: string | undefined;
  /** Where it happened: a file, a line, a tensor name. */
  where?: string | undefined;
  /** Anything longer: numbered shader source, a list of tensors. */
  detail?: string | undefined;
  cause?: unknown;
  kind?: ErrorClass | undefined;
}

/**
 * The base of every error that is meant for a person to read; all its subclasses are constructed
 * alike: `new XError(code, message, { where, fix, detail, cause, kind })`. The message says what was
 * wrong, with got and expected numbers; the code is stable and meant for programs. As printed:
 * `WHERE: MESSAGE Fix: FIX`, and `detail` on lines of its own. Programs read the fields, never the
 * text. (Arguments that only a mistake in the calling code can make wrong, such as arrays of unequal
 * lengths given to plain arithmetic, are reported as RangeError.)
 */
export class NnError extends Error {
  readonly code: string;
  /** What was wrong, alone: the message without place, fix and detail. */
  readonly reason: string;
  readonly fix: string | undefined;
  readonly where: string | undefined;
  readonly detail: string | undefined;
  readonly kind: ErrorClass;

  constructor(code: string, message: string, options: NnErrorOptions = {}) {
    const text =
      (options.where ? `${options.where}: ` : '') +
      message +
      (options.fix ? ` Fix: ${options.fix}` : '') +
      (options.detail ? `\n${options.detail}` : '');
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'NnError';
    this.code = code;
    this.reason = message;
    this.fix = options.fix;
    this.where = options.where;
    this.detail = options.detail;
    this.kind = options.kind ?? 'user';
  }
}

/** An error that only a bug in this library can cause. */
export function internalError(message: string, detail?: string): NnError {
  return new NnError('internal', `internal: ${message}`, {
    kind: 'internal',
    detail,
    fix: 'report this with the output of `aofd doctor`.',
  });
}

/** The device went away by itself. */
export function deviceLostError(reason: string): NnError {
  return new NnError('device-lost', `the GPU device was lost: ${reason}.`, {
    kind: 'device',
    fix: 'close other programs that use the GPU or lower the image size, then run again (training resumes with --resume).',
  });
}

/** An allocation failed. `stats` are those of the pools right then, what failed included. */
export function outOfMemoryError(
  reason: string,
  stats: readonly { liveBytes: number; pooledBytes: number }[],
): NnError {
  const megabytes = (of: 'liveBytes' | 'pooledBytes'): number =>
    Math.round(stats.reduce((sum, s) => sum + s[of], 0) / 2 ** 20);
  const [first = '', ...rest] = reason.trim().split('\n');
  return new NnError(
    'out-of-memory',
    `the GPU is out of memory with ${megabytes('liveBytes')} MB in use and ${megabytes('pooledBytes')} MB kept for reuse (${first}).`,
    {
      kind: 'device',
      fix: 'lower the image size or the batch.',
      detail: rest.length > 0 ? rest.join('\n') : undefined,
    },
  );
}

/**
 * A promise that was started and is awaited later, or not at all where something else fails first:
 * its failure then counts as handled, and does not end the process. Whoever awaits it still sees it.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
