/** Whole detections: cold start, steady rate with decoding and drawing, latency, memory, compilation. */
import process from 'node:process';
import { quantile } from '../../src/nn/ops/tuning/quantile.js';
import { decodeImage } from '../../src/aofd/data/files/decode.js';
import { detectFilesAsync } from '../../src/aofd/detect/files/detect-files.js';
import { Detector } from '../../src/aofd/detect/detector.js';
import { spawnChildAsync, type ChildAnswer } from './child-task.js';
import { memoryFiguresAsync } from './memory.js';
import { openDetectorAsync } from './open-detector.js';
import type { JobOptions } from './options.js';
import { preparePicturesAsync, type PictureSet } from './pictures.js';
import { spreadOf } from '../measure/stats.js';
import { figuresOf, type Figure } from '../measure/figure.js';

const figure = figuresOf('detect');

/** New processes: the first result with an empty shader cache; pipelines and their compilation. */
async function coldFiguresAsync(options: JobOptions, set: PictureSet): Promise<Figure[]> {
  const task = { picture: set.files[0]?.file ?? '', device: options.deviceName };
  const starts: number[] = [];
  let first: ChildAnswer | null = null;
  for (let i = 0; i < (options.isQuick ? 1 : 3); i++) {
    options.progress(`cold start ${i + 1}`);
    first = await spawnChildAsync({ kind: 'first-result', ...task });
    starts.push(first.firstResultMs ?? Number.NaN);
  }
  const figures = [
    figure(
      'lite: process start to first result, shader cache empty',
      spreadOf(starts),
      'ms',
      `of it weights and device ${Math.round(first?.loadedMs ?? 0)} ms`,
    ),
    figure('pipelines of one detect', first?.pipelines ?? Number.NaN, ''),
  ];
  options.progress('compile-detect');
  const detect = await spawnChildAsync({ kind: 'compile-detect', ...task });
  figures.push(compileFigure('detect', detect));
  if (options.isQuick) return figures;
  options.progress('compile-train');
  const train = await spawnChildAsync({ kind: 'compile-train', ...task });
  figures.push(
    figure('pipelines of one training step', train.pipelines, ''),
    compileFigure('training step', train),
  );
  return figures;
}

/** The slowest kernel of those that were compiled one by one. */
function compileFigure(what: string, { compileTimes = [], pipelines }: ChildAnswer): Figure {
  const [slowest] = [...compileTimes].sort((a, b) => b.ms - a.ms);
  const sum = compileTimes.reduce((total, { ms }) => total + ms, 0);
  return figure(
    `longest single compile of a ${what}, no shader cache`,
    slowest?.ms ?? Number.NaN,
    'ms',
    `${slowest?.name ?? ''}, ${Math.round(slowest?.cpuMs ?? 0)} ms by processor time; ${compileTimes.length} of ${pipelines} compiled alone, ${Math.round(sum)} ms in all`,
  );
}

/** Detection, drawing and encoding of picture after picture, as the command does it, files unwritten. */
async function steadyFiguresAsync(
  detector: Detector,
  set: PictureSet,
  label: string,
  cores: number,
): Promise<Figure[]> {
  const latencies: number[] = [];
  const finished: number[] = [];
  let faces = 0;
  // Kernels and threads are warm, and the queues full, after the first few pictures.
  const warm = 6;
  const files = [...set.files.slice(0, warm), ...set.files];
  let cpu = process.cpuUsage();
  for await (const result of detectFilesAsync(detector, files, { annotate: true })) {
    if ('error' in result) throw result.error;
    finished.push(performance.now());
    if (finished.length < warm) continue;
    if (finished.length === warm) {
      cpu = process.cpuUsage();
      continue;
    }
    latencies.push(result.detection.timeMs);
    faces += result.detection.faces.length;
  }
  const part = Math.max(4, Math.ceil(set.files.length / 5));
  const rates: number[] = [];
  for (let end = warm - 1 + part; end < finished.length; end += part) {
    rates.push((1000 * part) / (finished[end]! - finished[end - part]!));
  }
  const { user, system } = process.cpuUsage(cpu);
  const possible = (1e6 * set.files.length * cores) / (user + system);
  return [
    figure(
      `${label}: steady, decoding and drawing included`,
      spreadOf(rates),
      'images/s',
      `${set.files.length} pictures (${set.source}), ${faces} faces; ${possible.toFixed(1)} images/s by processor time`,
    ),
    ...([50, 90, 99] as const).map((p) =>
      figure(`${label}: latency p${p}, pixels to faces`, quantile(latencies, p / 100), 'ms'),
    ),
  ];
}

/** A picture whose long side is `size` on a warm detector, and memory in a process of its own. */
async function sizeFiguresAsync(
  options: JobOptions,
  preset: 'lite' | 'paper',
  size: number,
  repeats: number,
): Promise<Figure[]> {
  const label = `${preset} at ${size}${preset === 'paper' ? ', untrained' : ''}`;
  options.progress(label);
  const shape = { width: size, height: Math.round(0.75 * size) };
  const set = await preparePicturesAsync(options.pictures, shape, 1);
  const picture = (set.files[0] as PictureSet['files'][number]).file;
  try {
    const { detector, dispose } = await openDetectorAsync(options.device, preset, size);
    const times: number[] = [];
    try {
      const image = await decodeImage(picture, { autoOrient: true });
      await detector.detectAsync(image);
      for (let i = 0; i < repeats; i++) times.push((await detector.detectAsync(image)).timeMs);
    } finally {
      dispose();
    }
    const task = { kind: 'memory-detect', preset, size } as const;
    return [
      figure(`${label}: one picture, warm`, spreadOf(times), 'ms'),
      ...(await memoryFiguresAsync(options, task, { group: 'detect', label, picture })),
    ];
  } finally {
    set.dispose();
  }
}

/** Sizes 320, 512, 1024 of `lite`, and `paper` at 512 with untrained weights. */
export async function detectFiguresAsync(options: JobOptions): Promise<Figure[]> {
  const { device, isQuick } = options;
  const figures: Figure[] = [];
  const set = await preparePicturesAsync(
    options.pictures,
    { width: 640, height: 480 },
    isQuick ? 20 : 80,
  );
  try {
    figures.push(...(await coldFiguresAsync(options, set)));
    options.progress('steady detection');
    const lite = await Detector.createAsync({ device });
    figures.push(...(await steadyFiguresAsync(lite, set, 'lite, 640x480', options.cores)));
    lite.dispose();
    for (const size of isQuick ? [512] : [320, 512, 1024]) {
      figures.push(...(await sizeFiguresAsync(options, 'lite', size, isQuick ? 3 : 9)));
    }
    if (!isQuick) figures.push(...(await sizeFiguresAsync(options, 'paper', 512, 3)));
  } finally {
    set.dispose();
  }
  return figures;
}
