/** Whose fault an error is: the caller's, the device's, or this library's own. */
export type ErrorClass = 'user' | 'device' | 'internal';

export interface NnErrorOptions {
  /** What to do about it, as one imperative sentence. */
  fix?: string;
  /** Where it happened: a file, a line, a tensor name. */
  where?: string;
  /** Anything longer: numbered shader source, a list of tensors. */
  detail?: string;
  cause?: unknown;
  kind?: ErrorClass;
}

/**
 * The one error type of the framework. `message` says what was wrong with got/expected numbers;
 * `code` is stable and meant for programs; `fix` tells the person what to do.
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
    ...(detail === undefined ? {} : { detail }),
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
      ...(rest.length > 0 ? { detail: rest.join('\n') } : {}),
    },
  );
}
