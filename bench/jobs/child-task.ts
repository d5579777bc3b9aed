/** Starts `child.ts` and reads its answer. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export interface ChildTask {
  kind: 'first-result' | 'compile-detect' | 'compile-train' | 'memory-detect' | 'memory-train';
  device?: string;
  picture: string;
  /** Of memory tasks. */
  preset?: 'lite' | 'paper';
  /** Long side of the picture to detect on. */
  size?: number;
}

export interface CompileTime {
  name: string;
  ms: number;
  /** Processor time, all cores. */
  cpuMs: number;
}

export interface ChildAnswer {
  pipelines: number;
  /** From the start of the process. */
  firstResultMs?: number;
  loadedMs?: number;
  nextMs?: number[];
  faces?: number;
  compileTimes?: CompileTime[];
  /** Most memory that the device's pools and the whole process held. */
  deviceMb?: number;
  processMb?: number;
}

/** Begins the line with the answer. */
export const ANSWER_MARK = 'answer: ';

/**
 * Runs a task in a new process, whose shader cache is empty (off for compile times, the user's own for
 * memory).
 */
export async function spawnChildAsync(task: ChildTask): Promise<ChildAnswer> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = fileURLToPath(new URL(`./child.${extension}`, import.meta.url));
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-bench-cache-'));
  const env: NodeJS.ProcessEnv = { ...process.env };
  if (task.kind === 'first-result') env.MESA_SHADER_CACHE_DIR = cache;
  if (task.kind.startsWith('compile')) env.MESA_SHADER_CACHE_DISABLE = 'true';
  try {
    return await new Promise<ChildAnswer>((resolve, reject) => {
      const child = spawn(process.execPath, [...process.execArgv, file, JSON.stringify(task)], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let errors = '';
      child.stdout.on('data', (data: Buffer) => (out += data.toString()));
      child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
      child.on('error', reject);
      child.on('close', (code) => {
        // Drivers print too: the answer is the line that begins with the mark.
        const line = out.split('\n').find((text) => text.startsWith(ANSWER_MARK));
        if (code === 0 && line) resolve(JSON.parse(line.slice(ANSWER_MARK.length)) as ChildAnswer);
        else
          reject(new Error(`a measuring process ended with ${code}: ${errors.trim().slice(-400)}`));
      });
    });
  } finally {
    fs.rmSync(cache, { recursive: true, force: true });
  }
}
