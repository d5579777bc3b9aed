/** `aofd doctor`: what this machine offers, what is missing, and whether the kernels compute right. */
import process from 'node:process';
import type { Command } from 'commander';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { addDeviceOption } from './common.js';
import type { DoctorReport } from './doctor/report.js';
import { EXIT, explainError } from './errors.js';
import { refuseOverwriting } from './outputs.js';

interface DoctorFlags {
  device?: string;
  weights?: string;
  json?: boolean;
  selfTest: boolean;
  checkKernels?: boolean;
  report?: string;
  dumpKernels?: string;
}

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('show adapter, driver, limits and features, and test the kernels')
    .option('--json', 'print one JSON document instead of text')
    .option(
      '--no-self-test',
      'leave out the test of the kernels and the speeds (about ten seconds)',
    )
    .option('--check-kernels', 'also compare every layer of the network with the CPU reference')
    .option(
      '--weights <file>',
      'weights of the network (default: those of the package, else untrained)',
    )
    .option('--report <file>', 'also write the JSON document to a file, for a bug report')
    .option('--dump-kernels <folder>', 'write the expanded text of every kernel that ran');
  addDeviceOption(command).action(doctorAsync);
}

async function doctorAsync(flags: DoctorFlags): Promise<void> {
  const { findWeightsFile } = await import('../weights/files/detector-weights.js');
  refuseOverwriting([flags.weights ?? findWeightsFile() ?? undefined], [flags.report], '--report');
  const { machineReport } = await import('./doctor/examine.js');
  const report = machineReport();
  await examineDeviceAsync(report, flags);
  report.passed =
    report.findings.every((finding) => finding.level !== 'problem') &&
    (report.selfTest ?? []).every((row) => row.passed) &&
    (report.model?.passed ?? true);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (flags.report !== undefined) atomicWriteFile(flags.report, json);
  if (flags.json) process.stdout.write(json);
  else (await import('./doctor/print.js')).printReport(report);
  if (!report.passed) process.exitCode = EXIT.failure;
}

/** Opens the device and examines it; whatever fails becomes a finding. */
async function examineDeviceAsync(report: DoctorReport, flags: DoctorFlags): Promise<void> {
  const { Device } = await import('../../nn/index.js');
  const { examineAsync } = await import('./doctor/examine.js');
  let device: InstanceType<typeof Device> | null = null;
  try {
    device = await Device.createAsync(flags.device === undefined ? {} : { adapter: flags.device });
    await examineAsync(report, device, {
      selfTest: flags.selfTest,
      checkKernels: flags.checkKernels ?? false,
      weights: flags.weights,
    });
    if (flags.dumpKernels !== undefined) {
      const { dumpKernels } = await import('./dump-kernels.js');
      dumpKernels(flags.dumpKernels, device.kernels.list());
    }
  } catch (error) {
    const { text, fix } = explainError(error);
    report.findings.push({ level: 'problem', text, ...(fix === undefined ? {} : { fix }) });
  } finally {
    await device?.destroyAsync();
  }
}
