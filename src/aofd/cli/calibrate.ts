/** `aofd calibrate`: makes a detector's scores probabilities, on labelled pictures. */
import * as os from 'node:os';
import path from 'node:path';
import * as fs from 'node:fs';
import process from 'node:process';
import type { Command } from 'commander';
import type { Calibration } from '../eval/calibration/calibrate.js';
import type { SourceShare } from '../eval/calibration/options.js';
import {
  addDeviceOption,
  collect,
  packageVersion,
  parseNumber,
  printLine,
  printNotice,
  withInterrupt,
} from './common.js';
import { refuseOverData } from './data-lists.js';
import { InterruptedError, UsageError } from './errors.js';
import { describeRun, Progress } from './eval-progress.js';
import { checkOutFile, refuseOverwriting } from './outputs.js';

interface CalibrateFlags {
  weights: string;
  out: string;
  dataRoot?: string;
  faces: string[];
  portraits: string[];
  falseAlarms: number;
  device?: string;
}

/** Adds the command. */
export function register(program: Command): void {
  const command = program
    .command('calibrate')
    .description(
      'Make scores probabilities, and choose the thresholds of what counts as covered, on labelled ' +
        "pictures of the weights' own data sources.",
    )
    .requiredOption('--weights <file>', 'weights to calibrate')
    .requiredOption('--out <file>', 'the same weights with the fitted settings')
    .option('--data-root <folder>', 'folder of the data sets (default: data.root of the weights)')
    .option(
      '--faces <source[:count]>',
      'detection source of data.sources and how many of its pictures (default: all); repeatable',
      collect,
      [],
    )
    .option('--portraits <source[:count]>', 'source with pixel labels, likewise', collect, [])
    .option(
      '--false-alarms <share>',
      'share of uncovered faces that may be called covered',
      parseNumber(0.001, 0.5),
      0.02,
    );
  addDeviceOption(command);
  command.action(async (flags: CalibrateFlags) => {
    await withInterrupt((signal) => calibrateCommandAsync(flags, signal));
  });
}

async function calibrateCommandAsync(flags: CalibrateFlags, signal: AbortSignal): Promise<void> {
  if (flags.faces.length === 0) {
    throw new UsageError('usage', 'calibrate needs labelled pictures.', {
      fix: 'name a data source of the weights, e.g. --faces masked:400.',
    });
  }
  const faces = flags.faces.map(sourceShare);
  const portraits = flags.portraits.map(sourceShare);
  refuseOverwriting([flags.weights], [flags.out]);
  checkOutFile(flags.out);
  const [
    { readWeightsAsync },
    { configOf, networkOf },
    { calibrateAsync },
    { writeSafetensorsFileAsync },
  ] = await Promise.all([
    import('../weights/files/detector-weights.js'),
    import('../weights/detector-weights.js'),
    import('../eval/calibration/calibrate.js'),
    import('../../nn/io/files/index.js'),
  ]);
  const weights = await readWeightsAsync(flags.weights);
  const stored = configOf(weights, flags.weights);
  networkOf(stored, weights, flags.weights); // refuses what no detector could be made of
  const root = flags.dataRoot ?? stored.data.root;
  const config = { ...stored, data: { ...stored.data, root } };
  refuseOverData(config, [flags.out], '--out');
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-calibrate-'));
  const progress = new Progress(process.stderr);
  try {
    const found = await calibrateAsync({
      config,
      run: {
        weights: flags.weights,
        device: flags.device,
        version: packageVersion(),
        signal,
        onNotice: printNotice,
        onProgress: (run) => progress.show(describeRun(run), run.done === run.total),
      },
      cache,
      faces,
      portraits,
      falseAlarms: flags.falseAlarms,
    });
    if (!found) throw new InterruptedError('interrupted', 'stopped; nothing was written.');
    const test = { ...stored.test, ...found.test };
    await writeSafetensorsFileAsync(flags.out, Object.fromEntries(weights.tensors), {
      ...weights.metadata,
      config: JSON.stringify({ ...stored, test }),
    });
    for (const line of describe(found, flags.falseAlarms)) printLine(line);
    printLine(flags.out);
  } finally {
    progress.close();
    fs.rmSync(cache, { recursive: true, force: true });
  }
}

/** "masked:400" or "masked". */
function sourceShare(text: string): SourceShare {
  const [name = '', count = '0'] = text.split(':');
  if (name !== '' && /^\d+$/.test(count)) return { name, count: Number(count) };
  throw new UsageError('usage', `"${text}" names no source.`, {
    fix: 'write it as NAME or NAME:COUNT, e.g. masked:400.',
  });
}

function describe({ scores, occlusion }: Calibration, falseAlarms: number): string[] {
  const lines = [
    `scores: ${scores.detections} boxes on ${scores.pictures} pictures; mean gap between score and share ` +
      `right ${scores.errorBefore.toFixed(3)}, on held-out folds after it ${scores.errorAfter.toFixed(3)}`,
  ];
  if (!occlusion) return lines;
  for (const { threshold, iou, shareError } of occlusion.trials) {
    lines.push(
      `covered where P > ${threshold}: IoU ${iou.toFixed(3)}, error of the share ${shareError.toFixed(3)}`,
    );
  }
  const { best, coveredShare, uncovered, portraits, notFound } = occlusion;
  lines.push(
    `chosen on ${portraits} portraits` +
      (notFound > 0 ? ` (the face of ${notFound} more was not found)` : '') +
      `: P > ${best.threshold}; ` +
      (coveredShare === null
        ? 'none of them is uncovered, so the share that counts as covered stays'
        : `covered from a share of ${coveredShare} on, which at most ${100 * falseAlarms} % of ${uncovered} ` +
          'uncovered ones reach'),
  );
  return lines;
}
