/** `aofd doctor`: what this machine offers, what is missing, and whether the kernels compute right. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import type { Device } from '../../nn/index.js';
import type { CheckRow } from '../../nn/check/index.js';
import type { ModelCheck } from '../detect/inspect/check-model.js';
import { atomicWriteFile } from '../../nn/io/files/atomic.js';
import { addDeviceOption, packageVersion, printLine } from './common.js';
import { dumpKernels } from './detect.js';
import { EXIT, explainError } from './errors.js';

interface DoctorFlags {
  device?: string;
  weights?: string;
  json?: boolean;
  selfTest: boolean;
  checkKernels?: boolean;
  report?: string;
  dumpKernels?: string;
}

/** One finding. `ok` needs nothing; `note` costs speed; `problem` keeps something from working. */
interface Finding {
  level: 'ok' | 'note' | 'problem';
  text: string;
  fix?: string;
}

/** Everything that the command found; what `--json` prints. */
export interface DoctorReport {
  version: string;
  machine: {
    system: string;
    node: string;
    webgpu: string;
    processors: string;
    memoryGigabytes: number;
  };
  adapter: {
    name: string;
    vendor: string;
    architecture: string;
    device: string;
    kind: string;
    isSoftware: boolean;
  } | null;
  /** System adapters by name. */
  adapters: string[];
  limits: Record<string, number>;
  features: Record<string, boolean>;
  /** Lanes of the fast kernels; 0 = the slower ones are used. */
  lanes: number;
  environment: Record<string, string>;
  findings: Finding[];
  selfTest: CheckRow[] | null;
  model: ModelCheck | null;
  passed: boolean;
}

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxTextureDimension2D',
  'maxTextureArrayLayers',
] as const;

const FEATURES = ['subgroups', 'shader-f16', 'timestamp-query'] as const;

/** Variables that this program reads; others that start with AOFD_ are probably misspelt. */
const VARIABLES = [
  'AOFD_ADAPTER',
  'AOFD_ALGORITHM',
  'AOFD_PRECISION',
  'AOFD_CACHE_DIR',
  'AOFD_TUNE_CACHE',
  'AOFD_WEIGHTS',
  'AOFD_CASE',
];

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('show adapter, driver, limits and features, and test the kernels')
    .option('--json', 'print one JSON document instead of text')
    .option('--no-self-test', 'leave out the test of the kernels (about ten seconds)')
    .option('--check-kernels', 'also compare every layer of the network with the CPU reference')
    .option(
      '--weights <file>',
      'weights for --check-kernels (default: those of the package, else untrained)',
    )
    .option('--report <file>', 'also write the JSON document to a file, for a bug report')
    .option('--dump-kernels <folder>', 'write the expanded text of every kernel that ran');
  addDeviceOption(command).action(doctorAsync);
}

async function doctorAsync(flags: DoctorFlags): Promise<void> {
  const report = emptyReport();
  const { Device } = await import('../../nn/index.js');
  let device: Device | null = null;
  try {
    device = await Device.createAsync(flags.device === undefined ? {} : { adapter: flags.device });
    await examineAsync(report, device, flags);
    if (flags.dumpKernels !== undefined) dumpKernels(flags.dumpKernels, device.kernels.list());
  } catch (error) {
    const { text, fix } = explainError(error);
    report.findings.push({ level: 'problem', text, ...(fix === undefined ? {} : { fix }) });
  } finally {
    await device?.destroyAsync();
  }
  report.passed =
    report.findings.every((finding) => finding.level !== 'problem') &&
    (report.selfTest ?? []).every((row) => row.passed) &&
    (report.model?.passed ?? true);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (flags.report !== undefined) atomicWriteFile(flags.report, json);
  if (flags.json) process.stdout.write(json);
  else await printAsync(report);
  if (!report.passed) process.exitCode = EXIT.failure;
}

function emptyReport(): DoctorReport {
  const cpus = os.cpus();
  return {
    version: packageVersion(),
    machine: {
      system: `${os.type()} ${os.release()} ${os.arch()}`,
      node: process.version,
      webgpu: webgpuVersion(),
      processors: `${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown'}`,
      memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    },
    adapter: null,
    adapters: [],
    limits: {},
    features: {},
    lanes: 0,
    environment: Object.fromEntries(
      Object.entries(process.env).filter(
        (entry): entry is [string, string] =>
          /^(AOFD_|VK_ICD|VK_DRIVER|DEBUG$)/.test(entry[0]) && entry[1] !== undefined,
      ),
    ),
    findings: [],
    selfTest: null,
    model: null,
    passed: false,
  };
}

async function examineAsync(
  report: DoctorReport,
  device: Device,
  flags: DoctorFlags,
): Promise<void> {
  const { adapter, context } = device;
  report.adapter = {
    name: adapter.description || adapter.device || adapter.architecture,
    vendor: adapter.vendor,
    architecture: adapter.architecture,
    device: adapter.device,
    kind: adapter.kind,
    isSoftware: adapter.isSoftware,
  };
  for (const name of LIMITS) report.limits[name] = context.limits[name];
  for (const name of FEATURES) report.features[name] = context.features.has(name);
  report.lanes = device.subgroupSize;
  const { platformAsync } = await import('../../nn/platform/index.js');
  report.adapters = await (await platformAsync()).adapterNamesAsync();
  report.findings.push(...findingsOf(report, device));
  if (flags.selfTest) {
    const { selfTestAsync } = await import('../../nn/check/index.js');
    report.selfTest = await selfTestAsync(device);
  }
  if (flags.checkKernels) report.model = await checkModelAsync(device, flags.weights);
}

function findingsOf(report: DoctorReport, device: Device): Finding[] {
  const found: Finding[] = [];
  const { adapter } = device;
  if (device.notice) {
    found.push({
      level: 'note',
      text: 'no usable Vulkan driver: the software adapter that came with the packages is in use',
      fix: 'install the driver of your GPU, or Mesa lavapipe (Debian 12: apt install -t bookworm-backports mesa-vulkan-drivers).',
    });
  } else if (adapter.isSoftware) {
    found.push({
      level: 'note',
      text: `${adapter.kind} computes on the processor; a GPU is many times faster`,
      fix: 'if this machine has a GPU, install its Vulkan driver.',
    });
  } else found.push({ level: 'ok', text: 'a hardware adapter is in use' });
  if (device.subgroupSize === 0) {
    const how = report.features['subgroups']
      ? 'its subgroups have no fixed size of 4 or 8 lanes'
      : 'it offers no subgroups';
    found.push({
      level: 'note',
      text: `the lane kernels are off (${how}): convolutions use the plain kernels`,
      ...(adapter.isSoftware && !report.features['subgroups']
        ? { fix: 'update the driver (Mesa 24 or later has subgroups).' }
        : {}),
    });
  } else found.push({ level: 'ok', text: `lane kernels are on (${device.subgroupSize} lanes)` });
  if (!report.features['timestamp-query']) {
    found.push({ level: 'note', text: 'no timestamps: single kernels cannot be timed' });
  }
  const bindingBytes = report.limits['maxStorageBufferBindingSize'] ?? 0;
  if (bindingBytes < 128 * 2 ** 20) {
    found.push({
      level: 'note',
      text: `bindings are limited to ${megabytes(bindingBytes)}: large layers run in more windows`,
    });
  }
  for (const name of Object.keys(report.environment)) {
    if (!name.startsWith('AOFD_') || VARIABLES.includes(name)) continue;
    found.push({
      level: 'note',
      text: `the variable ${name} is not known`,
      fix: `check its spelling; known are ${VARIABLES.join(', ')}.`,
    });
  }
  return found;
}

/** The weights' network, or the untrained lite one where there are no weights. */
async function checkModelAsync(device: Device, weights: string | undefined): Promise<ModelCheck> {
  const check = await import('../detect/inspect/check-model.js');
  const { Detector } = await import('../detect/detector.js');
  const { defaultWeightsFile } = await import('../weights/files/detector-weights.js');
  let file = weights;
  try {
    file ??= defaultWeightsFile();
  } catch {
    // No weights in the package: values do not matter for this check.
  }
  if (file !== undefined) {
    using detector = await Detector.createAsync({ weights: file, device });
    return await check.checkModelAsync(detector.network);
  }
  const { presetConfig } = await import('../config/index.js');
  const { AofdModel, ParamStore } = await import('../model/index.js');
  const config = presetConfig('lite');
  const model = new AofdModel(config.model);
  using params = ParamStore.create(device, model.specs(), 1);
  params.freezeForInference();
  return await check.checkModelAsync({ config, model, params });
}

async function printAsync(report: DoctorReport): Promise<void> {
  const { formatRows } = await import('../../nn/check/index.js');
  const { machine, adapter } = report;
  const pairs = (rows: [string, string][]): void => {
    for (const [name, value] of rows) printLine(`  ${name.padEnd(34)} ${value}`);
  };
  printLine(`aofd ${report.version}`);
  pairs([
    ['system', machine.system],
    ['node, webgpu', `${machine.node}, ${machine.webgpu}`],
    ['processors, memory', `${machine.processors}, ${machine.memoryGigabytes} GB`],
    ...Object.entries(report.environment),
  ]);
  if (adapter) {
    printLine('adapter');
    pairs([
      ['name', adapter.name],
      ['kind', `${adapter.kind}${adapter.isSoftware ? ' (software)' : ''}`],
      [
        'vendor, architecture, device',
        `${adapter.vendor}, ${adapter.architecture}, ${adapter.device}`,
      ],
      ['system adapters', report.adapters.join(', ') || 'none'],
    ]);
    printLine('limits and features');
    pairs(
      Object.entries(report.limits).map(([name, value]) => [
        name,
        /Size$/.test(name) && value > 2 ** 20 ? megabytes(value) : String(value),
      ]),
    );
    pairs(Object.entries(report.features).map(([name, has]) => [name, has ? 'yes' : 'no']));
  }
  printLine('findings');
  for (const { level, text, fix } of report.findings) {
    printLine(`  ${level.padEnd(8)} ${text}`);
    if (fix) printLine(`           Fix: ${fix}`);
  }
  if (report.selfTest) {
    printLine('kernels against the CPU references');
    printLine(indent(formatRows(report.selfTest)));
  }
  if (report.model) {
    const { formatReport } = await import('../detect/inspect/check-model.js');
    printLine('network, layer by layer');
    printLine(indent(formatReport(report.model)));
  }
  printLine(report.passed ? 'everything works' : 'something is wrong: see above');
}

const indent = (text: string): string => text.replace(/^/gm, '  ');

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function webgpuVersion(): string {
  try {
    const file = new URL('../../../node_modules/webgpu/package.json', import.meta.url);
    return `webgpu ${(JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version}`;
  } catch {
    return 'webgpu (version unknown)';
  }
}
