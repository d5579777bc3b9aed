/** Writes the archive with the system's tar and gzip, which every machine can unpack. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import type { CarriedFile } from './pieces.js';

/** The one folder of the archive. */
export const FOLDER = 'aofd-bundle';

/** Largest archive, in bytes: what can still be handed to a borrowed machine. */
export const LARGEST = 60e6;

/** Lays the files out below `folder`. */
export function layOut(files: readonly CarriedFile[], folder: string): void {
  for (const { at, from, isProgram } of files) {
    const to = path.join(folder, at);
    fs.mkdirSync(path.dirname(to), { recursive: true });
    if (typeof from === 'string') fs.copyFileSync(from, to);
    else fs.writeFileSync(to, from);
    fs.chmodSync(to, isProgram ? 0o755 : 0o644);
  }
}

/** What is started on the other machine, below `app`, with the words before `--help`. */
const PROGRAMS: readonly (readonly string[])[] = [
  ['scripts/bundle/on-site/main.js'],
  ['scripts/bundle/on-site/kernel-cases.js'],
  ['scripts/bundle/on-site/training-rate.js'],
  ['bench/run.js'],
  ...['doctor', 'tune', 'train', 'detect', 'eval'].map((name) => ['dist/aofd/cli/main.js', name]),
];

/**
 * Loads every program as it lies there, with the Node of the archive: a module that is missing shows here.
 * @throws Error that names the program
 */
export function tryPrograms(folder: string): void {
  for (const [program = '', ...words] of PROGRAMS) {
    const file = path.join(folder, 'app', program);
    const { status, stderr, error } = spawnSync(
      path.join(folder, 'bin/node'),
      [file, ...words, '--help'],
      { encoding: 'utf8' },
    );
    if (status === 0) continue;
    throw new Error(
      `bundle: ${[program, ...words].join(' ')} does not start: ${error?.message ?? stderr.trim()}`,
    );
  }
}

/**
 * Packs `aside/aofd-bundle` into `file`, which appears whole or not at all; equal files give an equal archive.
 * @returns its size in bytes
 * @throws Error where tar or gzip fails, or the archive is larger than `largest`
 */
export function pack(aside: string, file: string, largest = LARGEST): number {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.tmp-${process.pid}`;
  try {
    const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
    const tar = ['--format=gnu', ...order, '-C', aside, '-I', 'gzip -9n', '-cf', temporary, FOLDER];
    const { status, stderr, error } = spawnSync('tar', tar, { encoding: 'utf8' });
    if (error || status !== 0) {
      throw new Error(
        `bundle: tar failed: ${error?.message ?? stderr}. Fix: install GNU tar and gzip.`,
      );
    }
    const size = fs.statSync(temporary).size;
    if (size > largest) {
      throw new Error(
        `bundle: the archive has ${megabytes(size)} MB, more than ${megabytes(largest)}. ` +
          'Fix: see which piece grew in the list above.',
      );
    }
    fs.renameSync(temporary, file);
    return size;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
