/** Hashes of the code that results depend on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../nn/io/files/index.js';
import { packageRoot } from '../../nn/platform/node/packages.js';

/** Rooms without influence on trained weights: what prints, scores or draws. */
const NOT_TRAINING = ['cli', 'study', 'eval', 'detect'];
/** Rooms without influence on detections: scoring happens anew whenever a report is made. */
const NOT_DETECTION = ['cli', 'study', 'train'];

/** Code versions, each the first 12 characters of a SHA-256. */
export interface CodeVersions {
  /** Of `src/nn`, `kernels`, and the rooms of `src/aofd` that training uses. */
  train: string;
  /** Of those that detection uses. */
  detect: string;
}

/** The versions of the code that runs: of the sources, or of `dist` where the package was built. */
export function codeVersions(root = packageRoot()): CodeVersions {
  const source = existsSync(join(root, 'src')) ? 'src' : 'dist';
  const shared = [...filesUnder(root, 'kernels'), ...filesUnder(root, join(source, 'nn'))];
  const aofd = filesUnder(root, join(source, 'aofd'));
  const without = (rooms: readonly string[]): string => {
    const isOut = (file: string): boolean =>
      rooms.some((room) => file.startsWith(`${source}/aofd/${room}/`));
    return hashOf(root, [...shared, ...aofd.filter((file) => !isOut(file))]);
  };
  return { train: without(NOT_TRAINING), detect: without(NOT_DETECTION) };
}

function filesUnder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|mjs|wgsl|json)$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    );
}

function hashOf(root: string, files: readonly string[]): string {
  const lines = [...files]
    .sort()
    .map((file) => `${file} ${sha256Hex(readFileSync(join(root, file)))}\n`);
  return sha256Hex(lines.join('')).slice(0, 12);
}
