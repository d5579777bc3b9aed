import process from 'node:process';

export interface Captured<T> {
  result: T;
  /** What went to standard output meanwhile. */
  out: string;
  /** What went to standard error meanwhile. */
  err: string;
}

/** Runs `work` and keeps what this process prints, instead of printing it. */
export async function capturedAsync<T>(work: () => Promise<T>): Promise<Captured<T>> {
  const printed = { stdout: '', stderr: '' };
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write.bind(stream);
    stream.write = (text: string | Uint8Array): boolean => {
      printed[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    };
    return () => void (stream.write = write);
  });
  try {
    const result = await work();
    return { result, out: printed.stdout, err: printed.stderr };
  } finally {
    for (const undo of restore) undo();
  }
}
