/**
 * Files that appear whole or not at all: written as `NAME.tmp-PID` beside the target, flushed to
 * the disk, then renamed over it. A failure (full disk, missing folder, an error of the producer)
 * removes the temporary file and leaves an older target untouched.
 */
import { createHash } from 'node:crypto';
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
import { basename, dirname, join } from 'node:path';
import { diskError } from './disk-errors.js';

/** Bytes that file systems allow a name to have. */
const MAX_NAME_BYTES = 255;

/** Beside the target; a name that is too long with the ending is replaced by its hash. */
function tempName(path: string): string {
  const ending = `.tmp-${process.pid}`;
  const name = basename(path);
  if (Buffer.byteLength(name + ending) <= MAX_NAME_BYTES) return path + ending;
  const short = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return join(dirname(path), short + ending);
}

/**
 * Writes a small file atomically (synchronously: reports, pointers, pictures).
 * @param options.flush false leaves it to the system when the content reaches the disk, which saves
 *   some 10 ms a file; for what is easily made again
 */
export function atomicWriteFile(
  path: string,
  data: string | Uint8Array,
  { flush = true }: { flush?: boolean } = {},
): void {
  const temp = tempName(path);
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let fd: number | undefined;
  try {
    fd = openSync(temp, 'w');
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
    if (flush) fsyncSync(fd);
    closeSync(fd);
    fd = undefined;
    renameSync(temp, path);
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    rmSync(temp, { force: true });
    throw diskError('write', path, cause);
  }
  if (flush) syncFolder(dirname(path));
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
