/** Commands in processes of their own, with a log each and a limit. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import process from 'node:process';
import type { Ended } from './part.js';

/** Longest time that a command has for putting its things away, and its share of the limit. */
const GRACE = { ms: 10_000, share: 0.2 };
const TAIL = 4000;

export interface Command {
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** What it prints is added here. */
  log: string;
  limitMs: number;
  /** Ends it early, as its limit does. */
  signal?: AbortSignal;
}

/**
 * Runs Node with `args`. Some time before the limit the command and all that it started get SIGINT, at the limit
 * SIGKILL, so that the limit holds.
 */
export function runCommandAsync(command: Command): Promise<Ended> {
  const { args, cwd, env, log, limitMs, signal } = command;
  const graceMs = Math.min(GRACE.ms, GRACE.share * limitMs);
  return new Promise((resolve) => {
    const file = fs.openSync(log, 'a');
    fs.writeSync(file, `$ node ${args.join(' ')}\n`);
    const child = spawn(process.execPath, [...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, which is ended as a whole
    });
    let tail = '';
    let isStopped = false;
    const keep = (data: Buffer): void => {
      fs.writeSync(file, data);
      tail = (tail + data.toString()).slice(-TAIL);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = (name: 'SIGINT' | 'SIGKILL'): void => {
      isStopped = true;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It has ended meanwhile.
      }
    };
    let last: NodeJS.Timeout | undefined;
    const stop = (): void => {
      end('SIGINT');
      last ??= setTimeout(() => end('SIGKILL'), graceMs);
    };
    const first = setTimeout(stop, limitMs - graceMs);
    signal?.addEventListener('abort', stop);
    let isDone = false;
    const finish = (code: number | null): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(first);
      clearTimeout(last);
      signal?.removeEventListener('abort', stop);
      fs.closeSync(file);
      resolve({ code, isStopped, tail });
    };
    child.on('error', (error) => {
      tail += `\n${error.message}`;
      finish(null);
    });
    child.on('close', (code) => finish(code));
  });
}
