/** What the adapter's properties and the environment mean, and what to do about it. */
import type { Device } from '../../../nn/index.js';
import type { DoctorReport, Finding } from './report.js';

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

/** Judges the facts of a report that `examineAsync` has filled in. */
export function findingsOf(report: DoctorReport, device: Device): Finding[] {
  return [
    adapterFinding(device),
    laneFinding(report, device),
    ...limitFindings(report),
    ...variableFindings(Object.keys(report.environment)),
  ];
}

function adapterFinding({ adapter, notice }: Device): Finding {
  if (notice) {
    return {
      level: 'note',
      text: 'no usable Vulkan driver: the software adapter that came with the packages is in use',
      fix: 'install the driver of your GPU, or Mesa lavapipe (Debian 12: apt install -t bookworm-backports mesa-vulkan-drivers).',
    };
  }
  if (adapter.isSoftware) {
    return {
      level: 'note',
      text: `${adapter.kind} computes on the processor; a GPU is many times faster`,
      fix: 'if this machine has a GPU, install its Vulkan driver.',
    };
  }
  return { level: 'ok', text: 'a hardware adapter is in use' };
}

function laneFinding({ features }: DoctorReport, { adapter, subgroupSize }: Device): Finding {
  if (subgroupSize > 0) {
    return { level: 'ok', text: `lane kernels are on (${subgroupSize} lanes)` };
  }
  const hasSubgroups = features['subgroups'] ?? false;
  const why = hasSubgroups
    ? 'its subgroups have no fixed size of 4 or 8 lanes'
    : 'it offers no subgroups';
  return {
    level: 'note',
    text: `the lane kernels are off (${why}): convolutions use the plain kernels`,
    ...(adapter.isSoftware && !hasSubgroups
      ? { fix: 'update the driver (Mesa 24 or later has subgroups).' }
      : {}),
  };
}

function limitFindings({ features, limits }: DoctorReport): Finding[] {
  const found: Finding[] = [];
  if (!features['timestamp-query']) {
    found.push({ level: 'note', text: 'no timestamps: single kernels cannot be timed' });
  }
  const bindingBytes = limits['maxStorageBufferBindingSize'] ?? 0;
  if (bindingBytes < 128 * 2 ** 20) {
    found.push({
      level: 'note',
      text: `bindings are limited to ${megabytes(bindingBytes)}: large layers run in more windows`,
    });
  }
  return found;
}

function variableFindings(names: readonly string[]): Finding[] {
  return names
    .filter((name) => name.startsWith('AOFD_') && !VARIABLES.includes(name))
    .map((name) => ({
      level: 'note',
      text: `the variable ${name} is not known`,
      fix: `check its spelling; known are ${VARIABLES.join(', ')}.`,
    }));
}

/** A size as `128 MiB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
