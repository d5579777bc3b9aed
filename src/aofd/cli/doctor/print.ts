/** The report of `aofd doctor` as text. */
import { formatRows } from '../../../nn/check/index.js';
import { formatReport } from '../../detect/inspect/check-model.js';
import { printLine } from '../common.js';
import { megabytes } from './findings.js';
import type { DoctorReport } from './report.js';
import type { SpeedFigures } from './speed.js';

/** Prints the whole report, what was left out left out. */
export function printReport(report: DoctorReport): void {
  printMachine(report);
  printAdapter(report);
  printLine('findings');
  for (const { level, text, fix } of report.findings) {
    printLine(`  ${level.padEnd(8)} ${text}`);
    if (fix) printLine(`           Fix: ${fix}`);
  }
  if (report.speed) printSpeed(report.speed);
  if (report.selfTest) {
    printLine('kernels against the CPU references');
    printLine(indent(formatRows(report.selfTest)));
  }
  if (report.model) {
    printLine('network, layer by layer');
    printLine(indent(formatReport(report.model)));
  }
  printLine(report.passed ? 'everything works' : 'something is wrong: see above');
}

function printMachine({ version, machine, environment }: DoctorReport): void {
  printLine(`aofd ${version}`);
  printPairs([
    ['system', machine.system],
    ['node, webgpu', `${machine.node}, ${machine.webgpu}`],
    ['processors, memory', `${machine.processors}, ${machine.memoryGigabytes} GB`],
    ...Object.entries(environment),
  ]);
}

function printAdapter({ adapter, adapters, limits, features }: DoctorReport): void {
  if (!adapter) return;
  printLine('adapter');
  printPairs([
    ['name', adapter.name],
    ['kind', `${adapter.kind}${adapter.isSoftware ? ' (software)' : ''}`],
    [
      'vendor, architecture, device',
      `${adapter.vendor}, ${adapter.architecture}, ${adapter.device}`,
    ],
    ['system adapters', adapters.join(', ') || 'none'],
  ]);
  printLine('limits and features');
  printPairs(
    Object.entries(limits).map(([name, value]) => [
      name,
      /Size$/.test(name) && value > 2 ** 20 ? megabytes(value) : String(value),
    ]),
  );
  printPairs(Object.entries(features).map(([name, has]) => [name, has ? 'yes' : 'no']));
}

function printSpeed({ peakGflops, bandwidthGbs, detection }: SpeedFigures): void {
  const { width, height } = detection;
  printLine('speed');
  printPairs([
    ['multiply-add peak, f32', `${peakGflops.toPrecision(3)} GFLOP/s`],
    ['memory, read and write', `${bandwidthGbs.toPrecision(3)} GB/s`],
    [`one ${width}x${height} picture, warm`, `${detection.timeMs.toPrecision(3)} ms`],
  ]);
}

function printPairs(rows: readonly (readonly [string, string])[]): void {
  for (const [name, value] of rows) printLine(`  ${name.padEnd(34)} ${value}`);
}

const indent = (text: string): string => text.replace(/^/gm, '  ');
