/** What the operating system's error codes mean to a person: the one list of such texts. */
import { NnError } from '../../errors.js';
import { IoError } from '../errors.js';

/** Why it failed, and what to do about it. */
export interface DiskProblem {
  reason: string;
  fix: string;
}

const PROBLEMS: Readonly<Record<string, DiskProblem>> = {
  ENOSPC: {
    reason: 'no space left on the disk',
    fix: 'free some space on that disk, or write to another folder',
  },
  EDQUOT: {
    reason: 'disk quota exceeded',
    fix: 'free some space, or write to another folder',
  },
  EFBIG: {
    reason: 'the file system or a ulimit refuses a file that large',
    fix: 'write to another folder',
  },
  EACCES: { reason: 'permission denied', fix: 'check who owns it and its mode' },
  EPERM: { reason: 'not permitted', fix: 'check who owns it and its mode' },
  EROFS: { reason: 'the file system is read-only', fix: 'write to another folder' },
  ENOENT: { reason: 'no such file or folder', fix: 'check the path' },
  ENOTDIR: { reason: 'part of this path is a file', fix: 'choose another path' },
  EEXIST: { reason: 'is a file, a folder is needed', fix: 'choose another path' },
  EISDIR: { reason: 'is a folder, a file is needed', fix: 'name a file' },
  ELOOP: { reason: 'its links form a ring', fix: 'mend the links' },
  ENAMETOOLONG: { reason: 'its name is too long', fix: 'choose a shorter name' },
  EIO: { reason: 'the disk reports an error', fix: 'check the disk' },
  EMFILE: { reason: 'too many open files', fix: 'raise "ulimit -n"' },
};

/** The explanation of an error code of the system; null for codes that need none or are unknown. */
export function diskProblem(code: unknown): DiskProblem | null {
  return (typeof code === 'string' && PROBLEMS[code]) || null;
}

/** An operating system error as one for people; errors that are already ours pass unchanged. */
export function diskError(verb: 'read' | 'write', path: string, cause: unknown): Error {
  // Such as a device that was lost while its values were written: the disk is not to blame.
  if (cause instanceof NnError) return cause;
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  const why = cause instanceof Error ? cause.message : String(cause);
  // Not from the operating system: a fault of the producer, whose own message says more.
  if (typeof code !== 'string' && cause instanceof Error) return cause;
  const missing = verb === 'read' && code === 'ENOENT';
  const { reason, fix } = diskProblem(code) ?? { reason: why, fix: undefined };
  const message = `cannot ${verb} ${path}: ${reason}`;
  return new IoError(missing ? 'io/missing' : 'io/disk', fix ? `${message}.` : message, {
    fix: fix && `${fix}.`,
    cause,
  });
}
