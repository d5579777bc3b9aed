/**
 * Files that appear whole or not at all: written as `NAME.tmp-PID` beside the target, flushed to
 * the disk, then renamed over it. A failure (full disk, missing folder, an error of the producer)
 * removes the temporary file and leaves an older target untouched.
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IoError } from './errors.js';

const FIXES: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space on that disk, or write to another folder',
  EDQUOT: 'your disk quota is used up: free some space, or write to another folder',
  EFBIG: 'the file system or a ulimit refuses a file that large: write to another folder',
  EACCES: 'check the permissions of the folder',
  EPERM: 'check the permissions of the folder',
  EROFS: 'that disk is read-only: write to another folder',
  ENOENT: 'check the path: the file or its folder does not exist',
  ENOTDIR: 'check the path: a part of it is a file, not a folder',
  EISDIR: 'the path is a folder: name a file',
};

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'disk quota exceeded',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'read-only file system',
  ENOENT: 'no such file or folder',
  EISDIR: 'it is a folder',
};

/** An operating system error as one for people; errors that are already ours pass unchanged. */
export function diskError(verb: 'read' | 'write', path: string, cause: unknown): Error {
  if (cause instanceof IoError) return cause;
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  const why = cause instanceof Error ? cause.message : String(cause);
  // Not from the operating system: a fault of the producer, whose own message says more.
  if (typeof code !== 'string' && cause instanceof Error) return cause;
  const missing = verb === 'read' && code === 'ENOENT';
  return new IoError(
    missing ? 'io/missing' : 'io/disk',
    `cannot ${verb} ${path}: ${REASONS[code ?? ''] ?? why}`,
    FIXES[code ?? ''],
    { cause },
  );
}

const tempName = (path: string): string => `${path}.tmp-${process.pid}`;

/** Writes a small file atomically (synchronously: reports, pointers, configs). */
export function atomicWriteFile(path: string, data: string | Uint8Array): void {
  const temp = tempName(path);
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let fd: number | undefined;
  try {
    fd = openSync(temp, 'w');
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(temp, path);
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    rmSync(temp, { force: true });
    throw diskError('write', path, cause);
  }
  syncFolder(dirname(path));
}

/** Appends bytes to the file being written. */
export type ChunkWriter = (chunk: Uint8Array) => Promise<void>;

/** Writes a file of any size atomically; `produce` is called once and streams the content. */
export async function atomicWriteStreamAsync(
  path: string,
  produce: (write: ChunkWriter) => Promise<void>,
): Promise<void> {
  const temp = tempName(path);
  try {
    const handle = await open(temp, 'w');
    try {
      await produce(async (chunk) => {
        for (let at = 0; at < chunk.byteLength;) {
          // One write is at most 2 GiB on Linux; smaller pieces also keep other I/O responsive.
          const part = chunk.subarray(at, at + (64 << 20));
          at += (await handle.write(part)).bytesWritten;
        }
      });
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, path);
  } catch (cause) {
    await rm(temp, { force: true }).catch(() => undefined);
    throw diskError('write', path, cause);
  }
  syncFolder(dirname(path));
}

/** Makes the rename itself durable where the platform allows (Windows does not). */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Some file systems cannot sync a folder; the file's own content is already safe.
  }
}

/** Removes `*.tmp-PID` files in `folder` whose process is gone (left by a kill or power cut). */
export function removeStaleTemps(folder: string): string[] {
  const removed: string[] = [];
  for (const name of readdirSync(folder)) {
    const pid = Number(/\.tmp-(\d+)$/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    rmSync(join(folder, name), { force: true });
    removed.push(name);
  }
  return removed;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
