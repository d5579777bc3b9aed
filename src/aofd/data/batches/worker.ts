/** The thread behind BatchLoader: makes the batches it is asked for and transfers their memory. */
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import type { Batch, BatchOptions } from './batch.js';
import { DataError, type DataErrorCode } from '../../errors.js';
import { BatchMaker } from './make-batch.js';

/** Message to the loader. */
export type WorkerReply = { step: number; batch: Batch } | { step: number; error: BatchFault };

/** The fields of a DataError. */
export interface BatchFault {
  code: DataErrorCode;
  reason: string;
  where: string;
  fix: string | undefined;
}

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
        port.postMessage({ step, error: faultOf(error, step) } satisfies WorkerReply);
      }
    });
  });
}

function faultOf(error: unknown, step: number): BatchFault {
  if (error instanceof DataError) {
    const { code, reason, where, fix } = error;
    return { code, reason, where, fix };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { code: 'worker-failed', reason, where: `batch ${step}`, fix: undefined };
}

function transferList(batch: Batch): ArrayBuffer[] {
  const arrays = [batch.images, ...batch.boxes, ...batch.ignore, ...batch.covers];
  for (const labels of batch.segLabels) if (labels) arrays.push(labels);
  return arrays.map((a) => a.buffer as ArrayBuffer);
}
