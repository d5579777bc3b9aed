/** A thread of PicturePool: does the jobs that it is sent, one after the other. */
import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { ImageDecodeError, type ImageDecodeErrorCode } from '../../errors.js';
import {
  annotateAsync,
  readPictureAsync,
  type AnnotateJob,
  type ReadJob,
  type ReadPicture,
} from './picture-jobs.js';

/** Message to a thread. */
export type PictureRequest =
  { id: number; kind: 'read'; job: ReadJob } | { id: number; kind: 'annotate'; job: AnnotateJob };

/** The fields of an ImageDecodeError. */
export interface DecodingFault {
  code: ImageDecodeErrorCode;
  reason: string;
  where: string;
  fix: string | undefined;
}

/** Message from a thread. `timeMs`: wall time of the job. */
export type PictureReply = { id: number; timeMs: number } & (
  | { result: ReadPicture | Uint8Array }
  | { error: { message: string; decoding: DecodingFault | null } }
);

// One decoding thread each: the other cores belong to the device's driver and to other threads.
sharp.concurrency(1);
sharp.cache(false);

const port = parentPort;
if (port) {
  let queue: Promise<void> = Promise.resolve();
  port.on('message', (request: PictureRequest) => {
    queue = queue.then(() => answerAsync(request));
  });
  const answerAsync = async (request: PictureRequest): Promise<void> => {
    const { id } = request;
    const start = performance.now();
    try {
      const [result, memory] = await doAsync(request);
      port.postMessage(
        { id, result, timeMs: performance.now() - start } satisfies PictureReply,
        memory,
      );
    } catch (error) {
      port.postMessage({
        id,
        timeMs: performance.now() - start,
        error: {
          message: error instanceof Error ? error.message : String(error),
          decoding: error instanceof ImageDecodeError ? faultOf(error) : null,
        },
      } satisfies PictureReply);
    }
  };
}

function faultOf({ code, reason, where, fix }: ImageDecodeError): DecodingFault {
  return { code, reason, where, fix };
}

/** The result of a job, and the memory that goes with it instead of being copied. */
async function doAsync(
  request: PictureRequest,
): Promise<[result: ReadPicture | Uint8Array, memory: ArrayBuffer[]]> {
  if (request.kind === 'annotate') {
    const png = Uint8Array.from(await annotateAsync(request.job));
    return [png, [png.buffer]];
  }
  const { image, prepared } = await readPictureAsync(request.job);
  // Memory of the decoder cannot leave its thread.
  const data = Uint8Array.from(image.data);
  const inputs = prepared.passes.map((pass) => pass.data.buffer as ArrayBuffer);
  return [{ image: { ...image, data }, prepared }, [data.buffer, ...inputs]];
}
