/** The thread behind BatchLoader: makes the batches it is asked for and transfers their memory. */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import type { Batch, BatchOptions } from './batch.js';
import { DataError } from '../errors.js';
import { BatchMaker } from './make-batch.js';

/** Message to the loader. */
export type WorkerReply =
  | { step: number; batch: Batch }
  | { step: number; error: { code: string; where: string; message: string; fix: string } };

// One decoding thread: the other cores belong to the training step.
sharp.concurrency(1);
sharp.cache(false);

const port = parentPort;
if (port) {
  const maker = new BatchMaker(workerData as BatchOptions);
  let queue: Promise<void> = Promise.resolve();
  port.on('message', (step: number) => {
    queue = queue.then(async () => {
      try {
        const batch = await maker.makeAsync(step);
        port.postMessage({ step, batch } satisfies WorkerReply, transferList(batch));
      } catch (error) {
        const known = error instanceof DataError ? error : null;
        port.postMessage({
          step,
          error: {
            code: known?.code ?? 'worker-failed',
            where: known?.where ?? `batch ${step}`,
            message: error instanceof Error ? error.message : String(error),
            fix: known?.fix ?? '',
          },
        } satisfies WorkerReply);
      }
    });
  });
}

function transferList(batch: Batch): ArrayBuffer[] {
  const arrays = [batch.images, ...batch.boxes, ...batch.ignore, ...batch.covers];
  for (const labels of batch.segLabels) if (labels) arrays.push(labels);
  return arrays.map((a) => a.buffer as ArrayBuffer);
}
