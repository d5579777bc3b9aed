import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { installedVersion, packageRoot, versionIn } from '../../src/nn/platform/node/packages.js';
import type { Device } from '../../src/nn/index.js';

/** Where a run was made. */
export interface Environment {
  date: string;
  /** Version of this package. */
  program: string;
  commit: string | null;
  adapter: { name: string; driver: string; kind: string; lanes: number };
  versions: Record<string, string>;
  system: string;
  processor: string;
  cores: number;
  memoryGb: number;
  /** One minute load averages at the start and the end of the run. */
  load: { start: number; end: number };
}

/** Commit of the checkout, with `+` where files differ from it; null outside one. */
function commitOf(root: string): string | null {
  if (!fs.existsSync(path.join(root, '.git'))) return null;
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no').trim() !== '';
    return git('rev-parse', '--short=12', 'HEAD').trim() + (changed ? '+' : '');
  } catch {
    return null;
  }
}

/** Cores that this process may use. */
export function usableCores(): number {
  return os.availableParallelism();
}

/** Describes this moment; `load.end` and the peers' versions are filled in later. */
export function describeEnvironment(device: Device): Environment {
  const root = packageRoot();
  const { adapter } = device;
  const cpus = os.cpus();
  return {
    date: new Date().toISOString(),
    program: versionIn(root) ?? 'unknown',
    commit: commitOf(root),
    adapter: {
      name: (adapter.device || adapter.description || adapter.architecture).replace(/-+$/, ''),
      driver: adapter.description,
      kind: adapter.kind,
      lanes: device.subgroupSize,
    },
    versions: {
      node: process.version,
      webgpu: installedVersion('webgpu') ?? 'unknown',
      v8: process.versions.v8,
    },
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processor: cpus[0]?.model.trim() ?? 'unknown',
    cores: usableCores(),
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    load: { start: os.loadavg()[0] ?? 0, end: 0 },
  };
}
