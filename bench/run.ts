/**
 * `npm run bench -- [--quick] [--only PATTERN] [--peers] ...`: measures the machine's ceilings, every
 * kernel against them, whole detections and steps, other libraries beside them; prints and writes the
 * report. docs/benchmarks.md says how to read it.
 */
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import '../src/aofd/node.js';
import { addDeviceOption, collect, parseInteger } from '../src/aofd/cli/common.js';
import { formatError } from '../src/aofd/cli/errors.js';
import { refuseOverwriting } from '../src/aofd/cli/outputs.js';
import { listPictures } from '../src/aofd/detect/files/list-pictures.js';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { benchAsync } from './benchmark.js';
import { installPeers, openPeersAsync, parseOnnxDetector } from './peers/index.js';
import { compareReports, formatComparison } from './report/compare.js';
import { folderName, readReport, writePlots, writeReport } from './report/files.js';
import type { Report } from './report/report.js';
import { formatReport } from './report/table.js';
import { printCase, printLine, showProgress } from './report/terminal.js';

interface Flags {
  quick?: boolean;
  only?: RegExp;
  device?: string;
  repeats?: number;
  out?: string;
  json?: string;
  compare?: string;
  pictures?: string[];
  plots: boolean;
  peers?: boolean;
  onnxDetector?: string[];
}

const results = path.join(path.dirname(fileURLToPath(import.meta.url)), 'results');

/** @returns whether something became slower than in `--compare`'s report */
async function mainAsync(flags: Flags): Promise<boolean> {
  // Read first: a wrong path must not cost half an hour.
  const before = flags.compare === undefined ? null : readReport(flags.compare);
  const pictures = listPictures(flags.pictures ?? []).map(({ file }) => file);
  const detectors = (flags.onnxDetector ?? []).map((text) => parseOnnxDetector(text).file);
  const isFile = flags.json !== undefined && flags.json !== '-';
  refuseOverwriting([...pictures, ...detectors], isFile ? [flags.json] : [], '--json');
  let folder = flags.out;
  const folderOf = (report: Report): string =>
    (folder ??= path.join(path.relative(process.cwd(), results) || '.', folderName(report)));
  const report = await benchAsync(
    {
      isQuick: flags.quick ?? false,
      only: flags.only,
      device: flags.device,
      repeats: flags.repeats,
      pictures: flags.pictures,
      openPeersAsync: preparePeers(flags),
    },
    {
      print: printLine,
      progress: showProgress,
      onCase: printCase,
      save: (unfinished) => void writeReport(folderOf(unfinished), unfinished),
    },
  );
  printLine(`\n${formatReport(report)}`);
  if (flags.json === '-') process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (flags.json) atomicWriteFile(flags.json, `${JSON.stringify(report, null, 1)}\n`);
  const plots = flags.plots ? writePlots(folderOf(report), report).length : 0;
  const drawn = plots > 0 ? ` and ${plots} plots (SVG, PNG)` : '';
  printLine(`\nwrote ${path.join(folderOf(report), 'report.json')}${drawn}`);
  if (!before) return false;
  const comparison = compareReports(before, report);
  printLine(`\n${formatComparison(comparison)}`);
  return comparison.changes.some(({ verdict }) => verdict === 'slower');
}

/** Installs other libraries where they are asked for. @returns what opens them */
function preparePeers(flags: Flags): Parameters<typeof benchAsync>[0]['openPeersAsync'] {
  const onnx = (flags.onnxDetector ?? []).map(parseOnnxDetector);
  if (!flags.peers && onnx.length === 0) return undefined;
  const print = (line: string): void => void process.stderr.write(`${line}\n`);
  installPeers(print);
  return (device, name) => openPeersAsync(device, name, { onnx, print });
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch (cause) {
    throw new Error(`--only "${text}" is no pattern. Fix: pass text or a regular expression.`, {
      cause,
    });
  }
}

const command = addDeviceOption(new Command('bench'))
  .option('--quick', 'fewer cases and rounds, under two minutes')
  .option(
    '--only <pattern>',
    'only what matches: conv/conv3, linear, maps, stack, detect, kernels, train, peers',
    parsePattern,
  )
  .option('--repeats <count>', 'rounds (default: 9, quick 5)', parseInteger(1, 1000))
  .option('--out <folder>', 'where report and plots go (default: bench/results/ADAPTER-DATE)')
  .option('--json <file>', 'also write the report there, - for standard output')
  .option('--compare <report>', 'say what became slower than in this report.json (exit code 1)')
  .option('--pictures <path>', 'pictures or folders to detect on; repeatable', collect)
  .option('--no-plots', 'write no plots')
  .option('--peers', 'compare with TensorFlow.js, onnxruntime and face-api (installed on demand)')
  .option(
    '--onnx-detector <name=file>',
    'also time a detector of yours in onnxruntime at 640x480; repeatable',
    collect,
  );
try {
  const isSlower = await mainAsync(command.parse().opts<Flags>());
  process.stdout.write('', () => process.exit(isSlower ? 1 : 0));
} catch (error) {
  process.stderr.write(`bench: ${formatError(error)}\n`);
  process.exit(1);
}
