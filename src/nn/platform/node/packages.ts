/** Where this package and those beside it lie on the disk, from sources, from `dist` and from bundles. */
import * as fs from 'node:fs';
import * as modules from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJsonText } from '../../json.js';
import { PlatformError } from '../types.js';

/** The name that package.json gives this package. */
const NAME = 'aofd';

/** The nearest folder, from `start` upwards, that holds `part` (a file or folder); null: none does. */
export function folderAbove(start: string, part: string): string | null {
  for (let folder = path.resolve(start); ; folder = path.dirname(folder)) {
    if (fs.existsSync(path.join(folder, part))) return folder;
    if (path.dirname(folder) === folder) return null;
  }
}

/**
 * Folders from which packages are looked for: of this code (a bundler may have moved it, and in CommonJS
 * bundles there is no `import.meta.url`), of the program, and the working folder.
 */
function standpoints(): string[] {
  const url = import.meta.url as string | undefined;
  const own = url?.startsWith('file:')
    ? path.dirname(fileURLToPath(url))
    : typeof __dirname === 'string'
      ? __dirname
      : null;
  const program = process.argv[1] ? path.dirname(process.argv[1]) : null;
  return [own, program, process.cwd()].filter((folder) => folder !== null);
}

/**
 * The file that an import of `name` from the first of `places` that has it would load.
 * @throws Error where none has it
 */
export function resolveInstalled(name: string, places: readonly string[] = standpoints()): string {
  let first: unknown = null;
  for (const place of places) {
    try {
      // Not `createRequire` by name: bundlers would look into it for files to take in.
      return modules.createRequire(path.join(place, 'from.js')).resolve(name);
    } catch (error) {
      first ??= error;
    }
  }
  throw first instanceof Error ? first : new Error(`${name} was not found`);
}

let root: string | null = null;

/**
 * The folder of this package: it holds `package.json`, `kernels` and `weights`.
 * @throws PlatformError `package-files` where this code was taken out of it, and it is not installed either
 */
export function packageRoot(): string {
  return (root ??= findPackageRoot());
}

/** As `packageRoot`, for code that lies in the first of `places`. */
export function findPackageRoot(places: readonly string[] = standpoints()): string {
  const [own] = places;
  const around = own === undefined ? null : folderAbove(own, path.join('kernels', 'include'));
  if (around !== null) return around;
  try {
    return path.dirname(resolveInstalled(`${NAME}/package.json`, places));
  } catch (cause) {
    throw new PlatformError(
      'package-files',
      `platform: the files of the package "${NAME}" (kernels, weights) are neither around ${own} nor in a node_modules folder there: its code was bundled without them.`,
      {
        cause,
        fix:
          `tell the bundler to leave the package out: --external:${NAME} (esbuild), externals: ["${NAME}"] (webpack), ` +
          `external: ["${NAME}"] (Rollup), ssr.external: ["${NAME}"] (Vite), serverExternalPackages: ["${NAME}"] (Next.js); ` +
          'and install it where the program runs.',
      },
    );
  }
}

/**
 * A program for a worker thread, from its path below the sources without its ending; where the sources run
 * uncompiled, its twin that ends with `-source.mjs`.
 * @throws PlatformError as `packageRoot`
 */
export function threadFile(relative: string): string {
  const compiled = path.join(packageRoot(), 'dist', `${relative}.js`);
  const isSource = (import.meta.url as string | undefined)?.endsWith('.ts');
  return isSource ? path.join(packageRoot(), 'src', `${relative}-source.mjs`) : compiled;
}

/** The version that the package.json of a folder states; null where there is none. */
export function versionIn(folder: string): string | null {
  try {
    const text = fs.readFileSync(path.join(folder, 'package.json'), 'utf8');
    return (parseJsonText(text) as { version: string }).version;
  } catch {
    return null;
  }
}

/** The version of an installed package, as a module of `root` would find it; null: not installed. */
export function installedVersion(name: string, root = packageRoot()): string | null {
  const inside = path.join('node_modules', name);
  const holder = folderAbove(root, path.join(inside, 'package.json'));
  return holder === null ? null : versionIn(path.join(holder, inside));
}
