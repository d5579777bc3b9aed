/**
 * A project of somebody else's that has the packed package installed: the tarball of `npm pack` is
 * unpacked into its `node_modules`, beside links to the packages that an installation would bring
 * (the production dependencies of package-lock.json, and nothing else). Works without a network, unless
 * npm is asked to install it.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

export const root = join(import.meta.dirname, '../..');

/** What a program left behind. */
export interface Finished {
  /** Exit code; null where a signal ended it. */
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), 'aofd-consumer-'));
  /** The tarball that is installed. */
  readonly tarball: string;

  /**
   * @param extra development packages that this project has installed too, such as `@types/node`
   * @param options `isInstalled`: by npm, from the registry, in place of links
   */
  constructor(extra: readonly string[] = [], options: { isInstalled?: boolean } = {}) {
    execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: 'inherit' });
    this.tarball = pack(this.folder);
    if (options.isInstalled) {
      writeFileSync(join(this.folder, 'package.json'), '{"private":true}');
      const packages = [this.tarball, ...extra.map((name) => `${name}@${installedVersion(name)}`)];
      const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages];
      execFileSync('npm', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'inherit'] });
      return;
    }
    const modules = join(this.folder, 'node_modules');
    mkdirSync(join(modules, 'aofd'), { recursive: true });
    execFileSync('tar', ['xzf', this.tarball, '-C', join(modules, 'aofd'), '--strip=1']);
    linkPackages(modules, extra);
  }

  /** Runs Node (20 minutes at most) in a folder of this project. */
  node(args: readonly string[], cwd = this.folder, env: NodeJS.ProcessEnv = {}): Finished {
    return run(process.execPath, args, cwd, env);
  }

  /** Runs the installed command line program. */
  aofd(args: readonly string[], cwd = this.folder, env: NodeJS.ProcessEnv = {}): Finished {
    const main = join(this.folder, 'node_modules/aofd/dist/aofd/cli/main.js');
    return run(process.execPath, [main, ...args], cwd, env);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Links what `npm install aofd` brings along, and `extra`, into a folder `node_modules`. */
export function linkPackages(modules: string, extra: readonly string[] = []): void {
  for (const name of [...productionPackages(), ...extra]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
  }
}

/** Runs a program to its end and keeps what it prints. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Finished {
  const done = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 20 * 60_000,
    maxBuffer: 2 ** 28,
  });
  return { status: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
}

/** The version that is installed here. */
function installedVersion(name: string): string {
  const text = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Like `run`, beside others. */
export function runAsync(program: string, args: readonly string[], cwd: string): Promise<Finished> {
  const options = { cwd, timeout: 20 * 60_000, maxBuffer: 2 ** 28 };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (_, stdout, stderr) => {
      resolve({ status: child.exitCode, signal: child.signalCode, stdout, stderr });
    });
  });
}

/** Packs the package as it is built. @returns the tarball */
function pack(folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const said = execFileSync('npm', args, { cwd: root, encoding: 'utf8' });
  const [made] = JSON.parse(said) as { filename: string }[];
  return join(folder, (made as { filename: string }).filename);
}

/** Names of the packages that `npm install aofd` brings along, those of other platforms left out. */
function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([place, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(place) && !dev)
    .map(([place]) => place.slice('node_modules/'.length))
    .filter((name) => existsSync(join(root, 'node_modules', name)));
}
