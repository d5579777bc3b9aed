/** Threads that decode, prepare, draw and encode pictures while the device works. */
import * as os from 'node:os';
import { Worker } from 'node:worker_threads';
import { threadFile } from '../../../nn/platform/node/packages.js';
import { ImageDecodeError } from '../../errors.js';
import {
  annotateAsync,
  readPictureAsync,
  type AnnotateJob,
  type ReadJob,
  type ReadPicture,
} from './picture-jobs.js';
import type { PictureReply, PictureRequest } from './picture-worker.js';

/** Told of every job: its kind, and begin and end on the clock of performance.now(). */
export type JobWatcher = (name: string, startMs: number, endMs: number) => void;

interface Waiting {
  name: string;
  thread: Thread;
  resolve(result: ReadPicture | Uint8Array): void;
  reject(error: Error): void;
}

interface Thread {
  worker: Worker;
  /** Whether it has answered anything yet. */
  isUp: boolean;
  jobs: number;
}

/** Threads for `pictures` pictures: none for a few, since a thread takes a while to start. */
export function threadsFor(pictures: number, cores = os.availableParallelism()): number {
  if (pictures <= 2) return 0;
  return Math.max(1, Math.min(4, cores - 1, Math.ceil(pictures / 4)));
}

/**
 * A pool of threads. Without threads, while they start, and where none is left, jobs run on the
 * calling thread. The jobs of a thread that dies fail, the ones it had waiting as well.
 */
export class PicturePool {
  readonly #threads: Thread[];
  readonly #waiting = new Map<number, Waiting>();
  readonly #watch: JobWatcher;
  #nextId = 0;
  #isClosed = false;

  constructor(threads: number, watch: JobWatcher = () => undefined) {
    this.#watch = watch;
    this.#threads = Array.from({ length: threads }, () => this.#start());
  }

  /** @throws ImageDecodeError naming the file */
  async readAsync(job: ReadJob): Promise<ReadPicture> {
    const sent = this.#send('read picture', { kind: 'read', job });
    if (sent) return (await sent) as ReadPicture;
    return this.#ownAsync('read picture', () => readPictureAsync(job));
  }

  /** The picture with faces drawn on, as a PNG. */
  async annotateAsync(job: AnnotateJob): Promise<Uint8Array> {
    const sent = this.#send('draw picture', { kind: 'annotate', job });
    if (sent) return (await sent) as Uint8Array;
    return this.#ownAsync('draw picture', () => annotateAsync(job));
  }

  /** Ends the threads; jobs under way are dropped. */
  async closeAsync(): Promise<void> {
    this.#isClosed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error('the pool was closed'));
    this.#waiting.clear();
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  async #ownAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#watch(name, start, performance.now());
    }
  }

  #start(): Thread {
    const worker = new Worker(threadFile('aofd/detect/files/picture-worker'), { execArgv: [] });
    const thread: Thread = { worker, isUp: false, jobs: 0 };
    worker.once('online', () => (thread.isUp = true));
    worker.on('message', (reply: PictureReply) => this.#onReply(reply));
    worker.on('error', (error) => this.#drop(thread, error));
    worker.on('exit', (code) => {
      if (!this.#isClosed)
        this.#drop(thread, new Error(`a picture thread ended with code ${code}`));
    });
    return thread;
  }

  /** Sends a job to the thread with the fewest; null where there is none to take it. */
  #send(
    name: string,
    request: Pick<PictureRequest, 'kind' | 'job'>,
  ): Promise<ReadPicture | Uint8Array> | null {
    if (this.#isClosed) return Promise.reject(new Error('the pool was closed'));
    const up = this.#threads.filter(({ isUp }) => isUp);
    const thread = up.sort((a, b) => a.jobs - b.jobs)[0];
    if (!thread) return null;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { name, thread, resolve, reject });
      thread.jobs++;
      thread.worker.postMessage({ id, ...request });
    });
  }

  #onReply(reply: PictureReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    waiting.thread.jobs--;
    const now = performance.now();
    this.#watch(waiting.name, now - reply.timeMs, now);
    if ('result' in reply) waiting.resolve(reply.result);
    else waiting.reject(errorOf(reply.error));
  }

  /** Takes a dead thread out; its jobs fail, later ones go elsewhere. */
  #drop(thread: Thread, error: unknown): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    for (const [id, waiting] of this.#waiting) {
      if (waiting.thread !== thread) continue;
      this.#waiting.delete(id);
      waiting.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

type ReplyError = Extract<PictureReply, { error: unknown }>['error'];

function errorOf({ message, decoding }: ReplyError): Error {
  if (!decoding) return new Error(message);
  const { code, reason, where, fix } = decoding;
  return new ImageDecodeError(code, reason, { where, fix });
}
