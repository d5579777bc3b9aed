/** `aofd detect`: faces in pictures, and what covers them. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import type { Detector, DetectorOptions } from '../detect/detector.js';
import type { PictureFile } from '../detect/files/detect-files.js';
import type { FaceRecord } from '../detect/faces.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import {
  addDeviceOption,
  parseInteger,
  parseNumber,
  printDeviceNotices,
  printNotice,
  withInterrupt,
  packageVersion,
} from './common.js';
import { EXIT, errorText, UsageError } from './errors.js';
import { dumpKernels } from './dump-kernels.js';
import { checkOutFolder, refuseOverwriting } from './outputs.js';
import { addProfileOption, profileFiles, withProfileAsync } from './profile.js';

interface DetectFlags {
  weights?: string;
  out?: string;
  json?: string;
  score?: number;
  device?: string;
  masks: boolean;
  scales?: number[];
  flip?: boolean;
  closerLook: boolean;
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
  /** The run was interrupted, or the device failed: later pictures are missing. */
  unfinished?: true;
  /** Pictures and folders that could not be read, pictures that could not be written; absent if none. */
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
    .option(
      '--no-closer-look',
      'do not look closer at small faces of large pictures and of crowds, and at what covers them: faster',
    )
    .option('--max-pixels <count>', 'refuse larger pictures (default: 100000000)', parseInteger(1))
    .option('--quiet', 'print no line per picture')
    .option('--check-kernels', 'compare every layer with the CPU reference first, report in OUT')
    .option('--dump-kernels <folder>', 'write the expanded text of every kernel that ran');
  addProfileOption(command);
  addDeviceOption(command).action(async (paths: string[], flags: DetectFlags) => {
    await withInterrupt((signal) => detectAsync(paths, flags, signal));
  });
}

const detectorOptions = (flags: DetectFlags): DetectorOptions => ({
  ...(flags.weights === undefined ? {} : { weights: flags.weights }),
  ...(flags.device === undefined ? {} : { device: flags.device }),
  ...(flags.score === undefined ? {} : { score: flags.score }),
  scales: [1, ...(flags.scales ?? []).filter((factor) => factor !== 1)],
  flip: flags.flip ?? false,
  closerLook: flags.closerLook,
});

async function detectAsync(
  paths: string[],
  flags: DetectFlags,
  signal: AbortSignal,
): Promise<void> {
  const { describePassedOver, surveyPictures } = await import('../detect/files/detect-files.js');
  const { isOutputName } = await import('../detect/files/output-names.js');
  const out = flags.out ?? (flags.json === undefined ? 'out' : null);
  const json = flags.json ?? path.join(out as string, 'detections.json');
  const survey = surveyPictures(paths, out === null ? [] : [out], isOutputName);
  const { pictures } = survey;
  const passedOver = describePassedOver(survey);
  if (pictures.length === 0 && survey.errors.length === 0) throw noPicture(paths, passedOver);
  if (passedOver !== '') printNotice(`passed over in folders: ${passedOver}`);
  if (out !== null) checkOutFolder(out);
  const { findWeightsFile } = await import('../weights/files/detector-weights.js');
  const weights = flags.weights ?? findWeightsFile() ?? undefined;
  const inputs = [...pictures.map(({ file }) => file), weights];
  checkDocument(json, inputs);
  if (flags.profile !== undefined) {
    refuseOverwriting(inputs, Object.values(profileFiles(flags.profile)), '--profile');
  }
  if (out !== null) fs.mkdirSync(out, { recursive: true });
  const { Detector: DetectorClass } = await import('../detect/detector.js');
  await using detector = await DetectorClass.createAsync(detectorOptions(flags));
  await printDeviceNotices(detector.device);
  if (flags.checkKernels) await checkKernelsAsync(detector, out);
  const { adapter } = detector.device;
  const document: DetectionDocument = {
    version: packageVersion(),
    adapter: { name: adapter.description || adapter.device, kind: adapter.kind },
    weights: detector.weights,
    images: [],
  };
  for (const { file, error } of survey.errors) addError(document, file, error);
  let isDone = false;
  try {
    await withProfileAsync(detector.device, flags.profile, () =>
      detectPicturesAsync(detector, pictures, { flags, weights, out, signal, document }),
    );
    isDone = !signal.aborted;
  } finally {
    // Also when the device failed or the user interrupted: what is done is done.
    if (!isDone) document.unfinished = true;
    writeDocument(json, document);
  }
  if (flags.dumpKernels !== undefined)
    dumpKernels(flags.dumpKernels, detector.device.kernels.list());
  if (document.errors) process.exitCode = EXIT.failure;
  if (json !== '-' && !flags.quiet) {
    printNotice(`wrote ${out === null ? '' : `${out} and `}${json}`);
  }
}

function noPicture(paths: readonly string[], passedOver: string): UsageError {
  const why = passedOver === '' ? '' : ` that can be read (passed over: ${passedOver})`;
  return new UsageError('usage', `there is no picture in ${paths.join(', ')}${why}.`, {
    fix: /heic|heif|hif/.test(passedOver)
      ? 'convert HEIC files to JPEG, for example with "heif-convert a.heic a.jpg" or "sips -s format jpeg a.heic --out a.jpg".'
      : 'name files, or folders with JPEG, PNG, WebP, AVIF, GIF or TIFF files in them.',
  });
}

/** The document must not cost an input, nor the whole work because it cannot be written. */
function checkDocument(json: string, inputs: readonly (string | undefined)[]): void {
  if (json === '-') return;
  refuseOverwriting(inputs, [json], '--json');
  if (fs.statSync(json, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError('usage', `${json}, where the document shall go, is a folder.`, {
      fix: 'name the document with --json FILE.',
    });
  }
}

function writeDocument(json: string, document: DetectionDocument): void {
  const text = `${JSON.stringify(document)}\n`;
  if (json === '-') {
    process.stdout.write(text);
    return;
  }
  fs.mkdirSync(path.dirname(json), { recursive: true });
  atomicWriteFile(json, text);
}

/** Notes a failed picture in the document and says so. */
function addError(document: DetectionDocument, file: string, error: unknown, head = file): void {
  (document.errors ??= []).push({ file, error: errorText(error) });
  printNotice(`${head}: ${errorText(error, file)}`);
}

/** Where the results of a run go. */
interface DetectRun {
  flags: DetectFlags;
  /** The weights file that is read, named or not. */
  weights: string | undefined;
  out: string | null;
  signal: AbortSignal;
  /** Filled as pictures are done. */
  document: DetectionDocument;
}

/** Detects in all pictures, writes those with the faces drawn on to `out`, and says how it goes. */
async function detectPicturesAsync(
  detector: Detector,
  pictures: readonly PictureFile[],
  { flags, weights, out, signal, document }: DetectRun,
): Promise<void> {
  const { detectFilesAsync } = await import('../detect/files/detect-files.js');
  const { OutputNames } = await import('../detect/files/output-names.js');
  const names =
    out === null ? null : new OutputNames(out, pictures, weights === undefined ? [] : [weights]);
  let count = 0;
  const options = {
    signal,
    annotate: out !== null,
    ...(flags.maxPixels === undefined ? {} : { maxPixels: flags.maxPixels }),
  };
  for await (const result of detectFilesAsync(detector, pictures, options)) {
    const { file } = result.picture;
    const head = `[${++count}/${pictures.length}] ${file}`;
    if ('error' in result) {
      addError(document, file, result.error, head);
      continue;
    }
    const { faces, width, height, timeMs: exactMs } = result.detection;
    const timeMs = Math.round(exactMs * 10) / 10;
    const records = faces.map((face) => face.record(flags.masks));
    document.images.push({ file, width, height, timeMs, faces: records });
    if (!flags.quiet) printNotice(`${head}: ${summaryOf(faces)} (${Math.round(timeMs)} ms)`);
    if (names === null || !result.png) continue;
    const target = names.next(result.picture);
    try {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      atomicWriteFile(target, result.png, { flush: false });
    } catch (error) {
      // Its faces are in the document all the same.
      addError(document, file, error, head);
    }
  }
}

function summaryOf(faces: readonly { isOccluded(): boolean }[]): string {
  const covered = faces.filter((face) => face.isOccluded()).length;
  const text = faces.length === 1 ? '1 face' : `${faces.length} faces`;
  return covered > 0 ? `${text}, ${covered} covered` : text;
}

async function checkKernelsAsync(detector: Detector, out: string | null): Promise<void> {
  const { checkModelAsync, formatReport } = await import('../detect/inspect/check-model.js');
  const report = await checkModelAsync(detector);
  printNotice(formatReport(report));
  const file = path.join(out ?? '.', 'kernel-check.json');
  atomicWriteFile(file, `${JSON.stringify(report, null, 2)}\n`);
  printNotice(`wrote ${file}; attach it to a bug report.`);
  if (!report.passed) process.exitCode = EXIT.failure;
}
