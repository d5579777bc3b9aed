/**
 * A folder that one process at a time may write to. The lock is a file that names its process; one whose
 * process is gone (kill -9, power cut) is taken over.
 */
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { IoError } from '../errors.js';
import { diskError } from './disk-errors.js';
import { parseJsonText } from '../../json.js';

const NAME = '.lock';
/** What a process makes on its way to a lock. */
const LEFTOVER = /^\.lock-(\d+)(?:-gone)?$/;

/** Who holds a lock. */
interface Holder {
  pid: number;
  host: string;
  /** When the process started, in the system's own unit; empty where the system does not say. */
  started: string;
}

/** Held from `acquire` to `release`, or until the process ends. */
export class FolderLock implements Disposable {
  readonly #file: string;
  readonly #text: string;
  readonly #release = (): void => this.release();

  private constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    process.once('exit', this.#release);
  }

  /**
   * @throws IoError where a living process holds it, or one of another machine, about which nothing can
   *   be found out
   */
  static acquire(folder: string): FolderLock {
    const file = join(folder, NAME);
    const own = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
    const text = `${JSON.stringify(own)}\n`;
    const mine = `${file}-${process.pid}`;
    try {
      writeFileSync(mine, text);
      for (let attempt = 0; ; attempt++) {
        try {
          // Linking fails where there is a lock already, and shows the file with its content at once.
          linkSync(mine, file);
          removeLeftovers(folder);
          return new FolderLock(file, text);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error;
        }
        const found = read(file);
        if (found === null) continue; // released meanwhile
        const holder = parse(found);
        if (holder && isRunning(holder)) throw heldError(folder, file, holder);
        takeAway(file, found, `${mine}-gone`);
      }
    } catch (error) {
      throw diskError('write', file, error);
    } finally {
      rmSync(mine, { force: true });
    }
  }

  release(): void {
    process.off('exit', this.#release);
    if (read(this.#file) === this.#text) rmSync(this.#file, { force: true });
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Removes a dead process's lock, unless another process was quicker and holds one of its own by now. */
function takeAway(file: string, expected: string, aside: string): void {
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== expected) linkSync(aside, file);
  } catch {
    // Somebody else took it away; the next attempt sees what is there now.
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Removes what processes left that were killed between making their own file and linking it. */
function removeLeftovers(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const pid = Number(LEFTOVER.exec(name)?.[1] ?? NaN);
      if (Number.isNaN(pid)) continue;
      const file = join(folder, name);
      const text = read(file);
      const holder = text === null ? null : parse(text);
      const host = holder?.host ?? hostname();
      // What was taken away names another process than the one that took it.
      const started = holder?.pid === pid ? holder.started : '';
      if (!isRunning({ pid, host, started })) rmSync(file, { force: true });
    }
  } catch {
    // They only take room.
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Null for a damaged lock: its process cannot have finished writing it. */
function parse(text: string): Holder | null {
  try {
    const { pid, host, started } = parseJsonText(text) as Partial<Holder>;
    const isWhole = Number.isSafeInteger(pid) && pid! > 0 && typeof host === 'string';
    return isWhole
      ? { pid: pid!, host, started: typeof started === 'string' ? started : '' }
      : null;
  } catch {
    return null;
  }
}

function isRunning({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // The number may have gone to another process since.
  const now = startOf(pid);
  return now === '' || started === '' || now === started;
}

/** Start time of a process on Linux: field 22 of its stat line, behind the name in brackets. */
function startOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function heldError(folder: string, file: string, { pid, host }: Holder): IoError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new IoError('io/locked', `is in use by process ${pid}${where}.`, {
    where: folder,
    fix: `wait until it ends, choose another folder, or remove ${file} if no such process runs.`,
  });
}
