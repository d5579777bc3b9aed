/** A few figures of this machine: what its adapter can do, and what a detection takes on it. */
import { measurePeakAsync, scale, type Device } from '../../../nn/index.js';
import type { Detector } from '../../detect/detector.js';

/** Orientation, not a benchmark: other programs may run beside it (`npm run bench` measures). */
export interface SpeedFigures {
  /** Multiply-adds of float32 numbers at best, two operations each; 10^9 operations per second. */
  peakGflops: number;
  /** Bytes that a kernel reads and writes in large buffers; 10^9 per second. */
  bandwidthGbs: number;
  /** One picture on a detector whose kernels are compiled. */
  detection: {
    width: number;
    height: number;
    /** From pixels to faces, the fastest of a few, in milliseconds. */
    timeMs: number;
  };
}

const REPEATS = 3;
/** Numbers of each buffer: 64 MiB, far more than any cache holds. */
const STREAM_LENGTH = 2 ** 24;

/**
 * Takes about two seconds, and what compiling the network's kernels takes where the driver has not
 * kept them from an earlier run. Nothing else may use the device meanwhile.
 */
export async function speedFiguresAsync(detector: Detector): Promise<SpeedFigures> {
  const { device } = detector;
  const peakFlops = await measurePeakAsync(device.context, device.kernels);
  return {
    peakGflops: peakFlops / 1e9,
    bandwidthGbs: (await bytesPerSecondAsync(device)) / 1e9,
    detection: await timeDetectionAsync(detector, 640, 480),
  };
}

/** The fastest of a few runs of y = factor * x: as many bytes read as written. */
async function bytesPerSecondAsync(device: Device): Promise<number> {
  using _scope = device.scope();
  const x = device.zeros([STREAM_LENGTH]);
  const runAsync = async (): Promise<void> => {
    scale(x, 1).dispose();
    await device.settledAsync();
  };
  await runAsync(); // compiles, and touches the memory once
  const timeMs = await fastestAsync(runAsync);
  return (2 * x.byteLength) / (timeMs / 1000);
}

async function timeDetectionAsync(
  detector: Detector,
  width: number,
  height: number,
): Promise<SpeedFigures['detection']> {
  await detector.warmUpAsync(width, height);
  const picture = { width, height, data: pattern(width * height * 3) };
  let timeMs = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    timeMs = Math.min(timeMs, (await detector.detectAsync(picture)).timeMs);
  }
  return { width, height, timeMs };
}

/** Wall time of the fastest run, in milliseconds. */
async function fastestAsync(work: () => Promise<void>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Bytes that are no plain colour, so that the network finds something to judge. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7919) >> 5);
}
