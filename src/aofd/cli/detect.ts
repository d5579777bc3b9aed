/** `aofd detect`: faces in pictures, and what covers them. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import type { Detector } from '../detect/detector.js';
import type { PictureFile } from '../detect/files/detect-files.js';
import type { FaceRecord } from '../detect/faces.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import {
  addDeviceOption,
  parseInteger,
  parseNumber,
  printNotice,
  withInterrupt,
  packageVersion,
} from './common.js';
import { EXIT, errorText, UsageError } from './errors.js';
import { dumpKernels } from './dump-kernels.js';
import { addProfileOption, withProfileAsync } from './profile.js';

interface DetectFlags {
  weights?: string;
  out?: string;
  json?: string;
  score?: number;
  device?: string;
  masks: boolean;
  scales?: number[];
  flip?: boolean;
  maxPixels?: number;
  quiet?: boolean;
  checkKernels?: boolean;
  dumpKernels?: string;
  profile?: string;
}

/** The JSON document. Coordinates are pixels of the original picture, after its EXIF turn. */
export interface DetectionDocument {
  /** Version of the package that wrote it. */
  version: string;
  adapter: { name: string; kind: string };
  weights: { file: string | null; sha256: string | null };
  images: {
    file: string;
    width: number;
    height: number;
    timeMs: number;
    faces: FaceRecord[];
  }[];
  /** Pictures that could not be read; absent when there are none. */
  errors?: { file: string; error: string }[];
}

const parseFactor = parseNumber(0.1, 8);

export function register(program: Command): void {
  const command = program
    .command('detect')
    .description('find faces in pictures, and what covers them')
    .argument('<paths...>', 'picture files and folders (searched with their subfolders)')
    .option('--weights <file>', 'weights (default: $AOFD_WEIGHTS or those of the package)')
    .option('--out <folder>', 'where annotated PNG files go (default: out, none if only --json)')
    .option(
      '--json <file>',
      'where the JSON document goes, - for standard output (default: OUT/detections.json)',
    )
    .option('--score <number>', 'least probability of a face (default: 0.5)', parseNumber(0, 1))
    .option('--no-masks', 'leave the pixel masks out of the JSON document')
    .option(
      '--scales <factor>',
      'also look at this multiple of the usual size, 0.1 to 8; repeatable',
      (text: string, previous: number[] = []) => [...previous, parseFactor(text)],
    )
    .option('--flip', 'also look at the mirrored picture')
    .option('--max-pixels <count>', 'refuse larger pictures (default: 100000000)', parseInteger(1))
    .option('--quiet', 'print no line per picture')
    .option('--check-kernels', 'compare every layer with the CPU reference first, report in OUT')
    .option('--dump-kernels <folder>', 'write the expanded text of every kernel that ran');
  addProfileOption(command);
  addDeviceOption(command).action(async (paths: string[], flags: DetectFlags) => {
    await withInterrupt((signal) => detectAsync(paths, flags, signal));
  });
}

async function detectAsync(
  paths: string[],
  flags: DetectFlags,
  signal: AbortSignal,
): Promise<void> {
  const { listPictures } = await import('../detect/files/detect-files.js');
  const out = flags.out ?? (flags.json === undefined ? 'out' : null);
  const json = flags.json ?? path.join(out as string, 'detections.json');
  const pictures = listPictures(paths, out === null ? [] : [out]);
  if (pictures.length === 0) {
    throw new UsageError('usage', `there is no picture in ${paths.join(', ')}.`, {
      fix: 'name files, or folders with JPEG, PNG, WebP, AVIF or TIFF files in them.',
    });
  }
  const scales = [1, ...(flags.scales ?? []).filter((factor) => factor !== 1)];
  if (out !== null) fs.mkdirSync(out, { recursive: true });
  const { Detector: DetectorClass } = await import('../detect/detector.js');
  await using detector = await DetectorClass.createAsync({
    ...(flags.weights === undefined ? {} : { weights: flags.weights }),
    ...(flags.device === undefined ? {} : { device: flags.device }),
    ...(flags.score === undefined ? {} : { score: flags.score }),
    scales,
    flip: flags.flip ?? false,
  });
  printNotice(detector.device.notice);
  if (flags.checkKernels) await checkKernelsAsync(detector, out);
  const document = await withProfileAsync(detector.device, flags.profile, () =>
    detectPicturesAsync(detector, pictures, flags, out, signal),
  );
  if (flags.dumpKernels !== undefined)
    dumpKernels(flags.dumpKernels, detector.device.kernels.list());
  if (signal.aborted) return;
  if (document.errors) process.exitCode = EXIT.failure;
  const text = `${JSON.stringify(document)}\n`;
  if (json === '-') process.stdout.write(text);
  else {
    fs.mkdirSync(path.dirname(json), { recursive: true });
    atomicWriteFile(json, text);
    if (!flags.quiet) printNotice(`wrote ${out === null ? '' : `${out} and `}${json}`);
  }
}

/** Detects in all pictures, writes those with the faces drawn on to `out`, and says how it goes. */
async function detectPicturesAsync(
  detector: Detector,
  pictures: readonly PictureFile[],
  flags: DetectFlags,
  out: string | null,
  signal: AbortSignal,
): Promise<DetectionDocument> {
  const { detectFilesAsync } = await import('../detect/files/detect-files.js');
  const { adapter } = detector.device;
  const document: DetectionDocument = {
    version: packageVersion(),
    adapter: { name: adapter.description || adapter.device, kind: adapter.kind },
    weights: detector.weights,
    images: [],
  };
  const errors: { file: string; error: string }[] = [];
  const nameOf = outputNames();
  let count = 0;
  const options = {
    signal,
    annotate: out !== null,
    ...(flags.maxPixels === undefined ? {} : { maxPixels: flags.maxPixels }),
  };
  for await (const result of detectFilesAsync(detector, pictures, options)) {
    const { file, name } = result.picture;
    const head = `[${++count}/${pictures.length}] ${file}`;
    if ('error' in result) {
      errors.push({ file, error: errorText(result.error) });
      printNotice(`${head}: ${errorText(result.error, file)}`);
      continue;
    }
    const { faces, width, height, timeMs: exactMs } = result.detection;
    const timeMs = Math.round(exactMs * 10) / 10;
    const records = faces.map((face) => face.record(flags.masks));
    document.images.push({ file, width, height, timeMs, faces: records });
    if (!flags.quiet) printNotice(`${head}: ${summaryOf(faces)} (${Math.round(timeMs)} ms)`);
    if (out === null || !result.png) continue;
    const target = path.join(out, nameOf(name));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    atomicWriteFile(target, result.png, { flush: false });
  }
  if (errors.length > 0) document.errors = errors;
  return document;
}

function summaryOf(faces: readonly { isOccluded(): boolean }[]): string {
  const covered = faces.filter((face) => face.isOccluded()).length;
  const text = faces.length === 1 ? '1 face' : `${faces.length} faces`;
  return covered > 0 ? `${text}, ${covered} covered` : text;
}

/** Names below the output folder: the ending becomes .png, and no name occurs twice. */
function outputNames(): (name: string) => string {
  const taken = new Set<string>();
  return (name) => {
    const stem = name.slice(0, name.length - path.extname(name).length);
    let candidate = `${stem}.png`;
    for (let i = 2; taken.has(candidate.toLowerCase()); i++) candidate = `${stem}-${i}.png`;
    taken.add(candidate.toLowerCase());
    return candidate;
  };
}

async function checkKernelsAsync(detector: Detector, out: string | null): Promise<void> {
  const { checkModelAsync, formatReport } = await import('../detect/inspect/check-model.js');
  const report = await checkModelAsync(detector.network);
  printNotice(formatReport(report));
  const file = path.join(out ?? '.', 'kernel-check.json');
  atomicWriteFile(file, `${JSON.stringify(report, null, 2)}\n`);
  printNotice(`wrote ${file}; attach it to a bug report.`);
  if (!report.passed) process.exitCode = EXIT.failure;
}
