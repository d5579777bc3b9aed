/**
 * Our code for the archive: every module that is reached from what is started there, compiled one by one so
 * that modules still find their neighbours, and the files of packages that these reach.
 */
import * as esbuild from 'esbuild';
import * as fs from 'node:fs';
import { builtinModules } from 'node:module';
import * as path from 'node:path';
import { filesBelow, type CarriedFile } from './pieces.js';

/** Packages with native parts, which are carried whole (`native.ts`), and what stays at home. */
const NOT_FOLLOWED = {
  carried: ['webgpu', 'sharp', '@resvg/resvg-js'],
  // The embedded software adapter; HDF5 files.
  left: ['@sparticuz/chromium', 'h5wasm'],
};

/** What is started, or loaded by a name that is put together: no import leads there. */
export function entryPoints(root: string): string[] {
  const commands = filesBelow(path.join(root, 'src/aofd/cli'), (file) => !file.includes('/'));
  const cases = filesBelow(path.join(root, 'test/nn/ops/cases'));
  return [
    ...commands.map((file) => `src/aofd/cli/${file}`),
    ...cases.map((file) => `test/nn/ops/cases/${file}`),
    'src/aofd/data/batches/worker.ts',
    'src/aofd/detect/files/picture-worker.ts',
    'bench/run.ts',
    'bench/jobs/child.ts',
    'scripts/bundle/on-site/main.ts',
    'scripts/bundle/on-site/can-load.ts',
    'scripts/bundle/on-site/kernel-cases.ts',
    'scripts/bundle/on-site/training-rate.ts',
  ];
}

/**
 * Paths relative to `root` of all that the entry points reach, packages included.
 *
 * @throws Error where a module needs, as soon as it is loaded, a package that stays at home
 */
export async function reachedFilesAsync(root: string): Promise<string[]> {
  const peers = JSON.parse(
    fs.readFileSync(path.join(root, 'bench/peers/package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> };
  const external = [
    ...NOT_FOLLOWED.carried,
    ...NOT_FOLLOWED.left,
    ...Object.keys(peers.dependencies),
  ];
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: entryPoints(root),
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Every import counts, needed or not: files are carried as they are.
    treeShaking: false,
    ignoreAnnotations: true,
    preserveSymlinks: true,
    conditions: [], // what Node goes by, without the bundlers' own condition `module`
    external: external.flatMap((name) => [name, `${name}/*`]),
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  // '<runtime>' is esbuild's name for its own helpers, which are in no file of ours.
  const carried = new Set([...NOT_FOLLOWED.carried, ...builtinModules, '<runtime>']);
  refuseMissing(metafile, (name) => name.startsWith('node:') || carried.has(name));
  return Object.keys(metafile.inputs).sort();
}

/** Packages that are not carried may only be loaded when they are needed, by `import()` or `require`. */
export function refuseMissing(
  { inputs }: Pick<esbuild.Metafile, 'inputs'>,
  isCarried: (name: string) => boolean,
): void {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path: name, kind, external } of imports) {
      if (!external || kind !== 'import-statement' || isCarried(name)) continue;
      throw new Error(
        `bundle: ${file} imports ${name}, which is not carried. Fix: load it where it is used, or carry it.`,
      );
    }
  }
}

/** The reached modules: ours compiled, those of packages as they are, with what Node asks of packages. */
export async function carriedCodeAsync(root: string): Promise<CarriedFile[]> {
  const reached = await reachedFilesAsync(root);
  const files: CarriedFile[] = [];
  const packages = new Set<string>();
  for (const file of reached) {
    const from = path.join(root, file);
    const holder = packageOf(file);
    if (holder !== null) {
      packages.add(holder);
      files.push({ at: `app/${file}`, from });
    } else if (file.endsWith('.ts')) {
      files.push({ at: `app/${compiledName(file)}`, from: compile(root, file) });
    } else files.push({ at: `app/${file}`, from });
  }
  const have = new Set(files.map(({ at }) => at));
  for (const name of packages) {
    const folder = path.join(root, name);
    const wanted = /^(package\.json|licen[cs]e(\.\w+)?)$/i;
    for (const file of fs.readdirSync(folder).filter((entry) => wanted.test(entry))) {
      const at = `app/${name}/${file}`;
      if (!have.has(at)) files.push({ at, from: path.join(folder, file) });
    }
  }
  return files;
}

/** `node_modules/NAME` (also nested) of a file in a package; null for files of ours. */
function packageOf(file: string): string | null {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? null;
}

/** Where a module of ours lies once it is compiled: sources in `dist`, as in the published package. */
export function compiledName(file: string): string {
  return file.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js');
}

function compile(root: string, file: string): Uint8Array {
  const { code } = esbuild.transformSync(fs.readFileSync(path.join(root, file), 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcefile: file,
  });
  return Buffer.from(file.startsWith('src/') ? code : sourcesInDist(code));
}

/** Code beside the sources imports them by their path. */
export function sourcesInDist(code: string): string {
  return code.replace(/(\b(?:from|import)\s*\(?\s*["'](?:\.\.\/)+)src\//g, '$1dist/');
}
