/** What browsers load: ES modules with the kernels embedded, and the weights beside them. */
import * as esbuild from 'esbuild';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  defaultWeightsFile,
  readWeightsAsync,
} from '../src/aofd/weights/files/detector-weights.js';
import { webWeights } from '../src/aofd/weights/web-weights.js';
import { atomicWriteFile } from '../src/nn/io/files/index.js';
import { embedKernels } from './embed-kernels.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Entries of the package for browsers; what they share goes into files of its own. */
const ENTRIES = {
  aofd: 'src/aofd/browser/index.ts',
  inspect: 'src/aofd/browser/inspect.ts',
  nn: 'src/nn/browser.ts',
};

/** Modules that must run although nothing is taken from them; the others may be dropped. */
const EFFECTS = /[\\/](browser|browser-forward|surroundings|no-eval)\.ts$/;

/** Lets esbuild leave out files of ours of which a bundle uses nothing. */
const dropUnused: esbuild.Plugin = {
  name: 'drop-unused',
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, async ({ path: wanted, pluginData, ...rest }) => {
      if (pluginData === 'seen') return undefined;
      const found = await build.resolve(wanted, { ...rest, pluginData: 'seen' });
      const isOurs = found.path.startsWith(path.join(root, 'src'));
      return isOurs ? { ...found, sideEffects: EFFECTS.test(found.path) } : found;
    });
  },
};

/**
 * Leaves out what only documents settings: their descriptions, and zod's translation of schemas to JSON Schema,
 * which every schema refers to and nothing here calls. Together a twelfth of what pages load.
 */
const dropDescriptions: esbuild.Plugin = {
  name: 'drop-descriptions',
  setup(build) {
    build.onLoad({ filter: /[\\/]aofd[\\/]config[\\/]schema[^\\/]*\.ts$/ }, ({ path: file }) => ({
      contents: fs
        .readFileSync(file, 'utf8')
        .replace(
          /\.describe\(\s*(['"`])(?:\\.|(?!\1)[^\\])*\1(?:\s*\+\s*(['"`])(?:\\.|(?!\2)[^\\])*\2)*,?\s*\)/g,
          '',
        ),
      loader: 'ts',
    }));
    const filter = /[\\/]zod[\\/]v4[\\/]core[\\/](json-schema-processors|to-json-schema)\.js$/;
    build.onLoad({ filter }, ({ path: file }) => {
      const text = fs.readFileSync(file, 'utf8');
      const names = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(
        ([, name]) => name,
      );
      return { contents: names.map((name) => `export const ${name} = () => {};`).join('\n') };
    });
  },
};

/** Methods of zod's schemas that settings do not use, each of which holds on to kinds of schemas. */
const UNUSED_METHODS =
  'superRefine overwrite exactOptional nonoptional and transform default prefault catch pipe readonly ' +
  'encodeAsync decodeAsync safeEncodeAsync safeDecodeAsync parseAsync safeParseAsync validateAsync ' +
  'encode decode safeEncode safeDecode validate with brand register meta apply ' +
  'includes startsWith endsWith lowercase uppercase trim normalize toLowerCase toUpperCase slugify';

/**
 * Leaves out of zod what settings do not use: kinds of texts (addresses, dates, ids) with their patterns, and
 * methods that need further kinds of schemas. A zod of another form stops the build rather than growing it.
 */
const dropUnusedZod: esbuild.Plugin = {
  name: 'drop-unused-zod',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]schemas\.js$/ }, ({ path: file }) => {
      let text = fs.readFileSync(file, 'utf8');
      const drop = (what: string, pattern: RegExp, kept = ''): void => {
        const rest = text.replace(pattern, kept);
        if (rest === text) {
          throw new Error(
            `zod has no ${what} where it was. Fix: look at dropUnusedZod in scripts/browser-bundle.ts.`,
          );
        }
        text = rest;
      };
      drop('kinds of texts', /(\$constructor\("ZodString",[^]*?\n\}), \{[^]*?\n\}\);/, '$1);');
      for (const name of UNUSED_METHODS.split(' ')) {
        const head = `^    (?:async )?${name}(?:: (?:async )?function _\\w+)?\\(.*\\) \\{\\n`;
        drop(`method ${name}`, new RegExp(`${head}[^]*?^    \\},\\n`, 'm'));
      }
      return { contents: text };
    });
  },
};

/** A file of the bundle. */
export interface BundleFile {
  name: string;
  contents: Uint8Array;
  /** Files that it imports at once. */
  imports: string[];
}

/** Bundles the modules. */
export async function bundleBrowserAsync(): Promise<BundleFile[]> {
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: 'dist/browser',
    bundle: true,
    splitting: true,
    chunkNames: 'engine-[hash]',
    format: 'esm',
    platform: 'browser',
    // Browsers that have WebGPU; `using` is written out.
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    sourcemap: 'linked',
    plugins: [embedKernels(), dropUnused, dropDescriptions, dropUnusedZod],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ path: file, contents }) => {
    const { imports = [] } = metafile.outputs[`dist/browser/${path.basename(file)}`] ?? {};
    const names = imports.map((item) => path.basename(item.path));
    return { name: path.basename(file), contents, imports: names };
  });
}

/** Writes modules and weights into a folder and removes what an earlier build left there. */
export async function writeBrowserBundleAsync(folder: string): Promise<BundleFile[]> {
  const files = await bundleBrowserAsync();
  const contents = webWeights(await readWeightsAsync(defaultWeightsFile()));
  files.push({ name: 'aofd-lite.web.safetensors', contents, imports: [] });
  fs.mkdirSync(folder, { recursive: true });
  for (const file of files) atomicWriteFile(path.join(folder, file.name), file.contents);
  const kept = new Set(files.map(({ name }) => name));
  for (const name of fs.readdirSync(folder)) {
    if (!kept.has(name)) fs.rmSync(path.join(folder, name), { recursive: true });
  }
  return files;
}

/** The files that a module needs, itself included. */
export function filesOf(module: string, files: readonly BundleFile[]): BundleFile[] {
  const found = new Set<BundleFile>();
  const visit = (name: string): void => {
    const file = files.find((item) => item.name === name);
    if (!file || found.has(file)) return;
    found.add(file);
    file.imports.forEach(visit);
  };
  visit(module);
  return [...found];
}
