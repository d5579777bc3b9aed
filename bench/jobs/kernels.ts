import { Profiler } from '../../src/nn/index.js';
import { decodeImage } from '../../src/aofd/data/files/decode.js';
import { Detector } from '../../src/aofd/detect/detector.js';
import type { Report } from '../report/report.js';
import type { JobOptions } from './options.js';
import { preparePicturesAsync } from './pictures.js';

/** Device time of one warm detection by kernel, the most expensive first. */
export async function kernelTimesAsync(
  options: JobOptions,
): Promise<NonNullable<Report['kernels']>> {
  options.progress('time by kernel');
  const set = await preparePicturesAsync(options.pictures, { width: 640, height: 480 }, 1);
  const detector = await Detector.createAsync({ device: options.device });
  try {
    const image = await decodeImage(set.files[0]?.file ?? '', { autoOrient: true });
    await detector.detectAsync(image);
    const profiler = await Profiler.startAsync(options.device);
    await detector.detectAsync(image);
    const profile = await profiler.stopAsync();
    return profile.kernels
      .map(({ name, count, totalMs }) => ({ name, count, totalMs }))
      .sort((a, b) => b.totalMs - a.totalMs);
  } finally {
    detector.dispose();
    set.dispose();
  }
}
