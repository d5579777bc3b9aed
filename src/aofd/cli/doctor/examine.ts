/** Gathers the facts of a report: the machine, the adapter, and the tests that were asked for. */
import * as os from 'node:os';
import process from 'node:process';
import { selfTestAsync } from '../../../nn/check/index.js';
import type { Device } from '../../../nn/index.js';
import { platformAsync } from '../../../nn/platform/index.js';
import { installedVersion } from '../../../nn/platform/node/packages.js';
import { presetConfig } from '../../config/index.js';
import { Detector } from '../../detect/detector.js';
import { checkModelAsync } from '../../detect/inspect/check-model.js';
import { untrainedWeights } from '../../weights/detector-weights.js';
import { findWeightsFile } from '../../weights/files/detector-weights.js';
import { packageVersion } from '../common.js';
import { findingsOf } from './findings.js';
import type { DoctorReport } from './report.js';
import { speedFiguresAsync } from './speed.js';

/** What is examined beside the adapter itself. */
export interface Examination {
  /** Test single kernels, and measure a few speeds. */
  selfTest: boolean;
  /** Compare every layer of the network with the CPU reference. */
  checkKernels: boolean;
  /** Weights file of the network; default: those of the package, else untrained ones. */
  weights: string | undefined;
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

/** A report on the machine alone, before a device was opened. */
export function machineReport(): DoctorReport {
  const cpus = os.cpus();
  return {
    version: packageVersion(),
    machine: {
      system: `${os.type()} ${os.release()} ${os.arch()}`,
      node: process.version,
      webgpu: `webgpu ${installedVersion('webgpu') ?? '(version unknown)'}`,
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
    speed: null,
    model: null,
    passed: false,
  };
}

/** Adds what the device is and what the examinations find; `report` has what was found until an error. */
export async function examineAsync(
  report: DoctorReport,
  device: Device,
  examination: Examination,
): Promise<void> {
  describeAdapter(report, device);
  report.adapters = await (await platformAsync()).adapterNamesAsync();
  report.findings.push(...findingsOf(report, device));
  if (examination.selfTest) report.selfTest = await selfTestAsync(device);
  if (!examination.selfTest && !examination.checkKernels) return;
  using detector = await openDetectorAsync(device, examination.weights);
  if (examination.selfTest) report.speed = await speedFiguresAsync(detector);
  if (examination.checkKernels) report.model = await checkModelAsync(detector);
}

/** The detector of these weights, else of those of the package; there may be none: then untrained. */
async function openDetectorAsync(device: Device, named: string | undefined): Promise<Detector> {
  const weights = named ?? findWeightsFile() ?? untrainedWeights(presetConfig('lite'), 1);
  return Detector.createAsync({ weights, device });
}

function describeAdapter(report: DoctorReport, { adapter, context, subgroupSize }: Device): void {
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
  report.lanes = subgroupSize;
}
