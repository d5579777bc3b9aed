/**
 * Dawn's native code prints two harmless warnings to standard error whenever it meets a software
 * adapter, and more when there is no driver (a case that we report ourselves in one line). They
 * come from C++, so only swapping file descriptor 2 for a moment can filter them. That is for the
 * command line program alone, which owns its process: the library never does it.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** Lines of these forms are dropped; everything else is passed on. */
const HARMLESS = [
  /^Warning: maxDynamic\w+ artificially reduced from/,
  /^Warning: vkCreateInstance: Found no drivers/,
  /^Warning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER/,
  /^\s+at \w+ \(.*\.cpp:\d+\)$/,
];

/**
 * Calls `work`, keeping harmless lines that native code prints meanwhile from standard error.
 * Only while `work` runs synchronously, only on Linux with a terminal or pipe as standard error, not
 * with `DEBUG` set, and not while other threads may open files, which would get the number 2 in the
 * moment when it is free; otherwise `work` is just called.
 */
export function quietly<T>(work: () => T): T {
  const swap = process.env.DEBUG ? null : openSwap();
  if (!swap) return work();
  // The lowest free descriptor is taken by the next open: that is 2, just closed.
  fs.closeSync(2);
  fs.openSync(swap.file, 'a');
  try {
    return work();
  } finally {
    fs.closeSync(2);
    fs.openSync(`/proc/self/fd/${swap.saved}`, fs.constants.O_WRONLY | fs.constants.O_APPEND);
    fs.closeSync(swap.saved);
    const text = fs.readFileSync(swap.file, 'utf8');
    fs.rmSync(path.dirname(swap.file), { recursive: true, force: true });
    for (const line of text.split('\n')) {
      if (line !== '' && !HARMLESS.some((form) => form.test(line))) fs.writeSync(2, `${line}\n`);
    }
  }
}

/** A second descriptor of standard error and a file to take its place; null where that is unsafe. */
function openSwap(): { saved: number; file: string } | null {
  if (process.platform !== 'linux' || !isMainThread || isAnotherThreadBusy()) return null;
  let saved: number | null = null;
  try {
    const stat = fs.fstatSync(2);
    // A regular file may share its offset with standard output, a socket cannot be reopened.
    if (!stat.isFIFO() && !stat.isCharacterDevice()) return null;
    saved = fs.openSync('/proc/self/fd/2', fs.constants.O_WRONLY | fs.constants.O_APPEND);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-'));
    const file = path.join(folder, 'stderr');
    fs.writeFileSync(file, '');
    return { saved, file };
  } catch {
    if (saved !== null) fs.closeSync(saved);
    return null;
  }
}

/** Whether Node's other threads have work that may open a file right now. */
function isAnotherThreadBusy(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((name) => /^(FS|File|MessagePort|Worker)/.test(name));
}
