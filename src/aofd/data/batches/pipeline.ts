/**
 * The training input pipeline: batches made in a worker thread, a few steps ahead.
 *
 * Batch k is a function of (options, k), so a run resumed at step k sees exactly the batches an
 * uninterrupted run would have seen: `new BatchLoader(options, { startStep: k })`.
 */
import { Worker } from 'node:worker_threads';
import { threadFile } from '../../../nn/platform/node/packages.js';
import type { Batch, BatchOptions } from './batch.js';
import { DataError } from '../../errors.js';
import { BatchMaker, checkBatchOptions } from './make-batch.js';
import type { WorkerReply } from './worker.js';

export interface LoaderOptions {
  /** First step that `nextAsync` returns. Default 0. */
  startStep?: number;
  /** Batches made ahead of the consumer. Default 3. */
  prefetch?: number;
  /** false: make batches in the calling thread when asked (tests). Default true. */
  threaded?: boolean;
}

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: Error): void;
}

export class BatchLoader {
  private readonly worker: Worker | null;
  private readonly maker: BatchMaker | null;
  private readonly prefetch: number;
  /** Finished or requested batches by step. */
  private readonly pending = new Map<number, Promise<Batch>>();
  private readonly waiting = new Map<number, Waiting>();
  private nextStep: number;
  private failure: Error | null = null;
  private isClosed = false;
  /** Total time consumers waited for batches, ms: large = the pipeline is the bottleneck. */
  waitedMs = 0;

  /** Throws DataError on options that cannot work. */
  constructor(options: BatchOptions, loader: LoaderOptions = {}) {
    checkBatchOptions(options);
    this.nextStep = loader.startStep ?? 0;
    this.prefetch = Math.max(1, loader.prefetch ?? 3);
    if (loader.threaded === false) {
      this.worker = null;
      this.maker = new BatchMaker(options);
      return;
    }
    this.maker = null;
    this.worker = startWorker(options);
    this.worker.on('message', (reply: WorkerReply) => this.onReply(reply));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => {
      if (!this.isClosed) this.fail(new Error(`the data thread ended with code ${code}`));
    });
    this.request();
  }

  /** The step that the next call of `nextAsync` returns; save it in checkpoints. */
  get step(): number {
    return this.nextStep;
  }

  /** The next batch. Throws DataError naming the picture that cannot be used. */
  async nextAsync(): Promise<Batch> {
    if (this.isClosed) throw new Error('BatchLoader is closed. Fix: open a new one');
    const step = this.nextStep++;
    const started = performance.now();
    const made = await (this.maker ? this.maker.makeAsync(step) : this.takeAsync(step));
    this.waitedMs += performance.now() - started;
    return made;
  }

  /** A batch of the thread, which then goes on with another one. */
  private async takeAsync(step: number): Promise<Batch> {
    this.request(step);
    const batch = await (this.pending.get(step) as Promise<Batch>);
    this.pending.delete(step);
    this.request();
    return batch;
  }

  /** Endless iteration; leave the loop with `break`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, void> {
    while (!this.isClosed) yield await this.nextAsync();
  }

  /** Stops the thread; batches not yet taken are dropped. */
  async closeAsync(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.pending.clear();
    this.waiting.clear();
    await this.worker?.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAsync();
  }

  /** Asks the thread for every step up to `prefetch` ahead that was not asked for yet. */
  private request(from = this.nextStep): void {
    for (let step = from; step < from + this.prefetch; step++) {
      if (this.pending.has(step)) continue;
      const promise = new Promise<Batch>((resolve, reject) => {
        this.waiting.set(step, { resolve, reject });
      });
      // The consumer sees the error when it takes this step; until then it is not unhandled.
      promise.catch(() => undefined);
      this.pending.set(step, promise);
      if (this.failure) this.settle(step, (w) => w.reject(this.failure as Error));
      else this.worker?.postMessage(step);
    }
  }

  private onReply(reply: WorkerReply): void {
    if ('batch' in reply) {
      this.settle(reply.step, (w) => w.resolve(reply.batch));
      return;
    }
    const { code, reason, where, fix } = reply.error;
    const error = new DataError(code, reason, { where, fix });
    this.settle(reply.step, (w) => w.reject(error));
  }

  private settle(step: number, action: (waiting: Waiting) => void): void {
    const waiting = this.waiting.get(step);
    this.waiting.delete(step);
    if (waiting) action(waiting);
  }

  private fail(error: unknown): void {
    this.failure = error instanceof Error ? error : new Error(String(error));
    for (const step of [...this.waiting.keys()]) {
      this.settle(step, (w) => w.reject(this.failure as Error));
    }
  }
}

/** Starts worker in a thread, from the compiled .js or, uncompiled, through tsx. */
function startWorker(options: BatchOptions): Worker {
  const file = threadFile('aofd/data/batches/worker');
  return new Worker(file, { workerData: options, execArgv: [] });
}
