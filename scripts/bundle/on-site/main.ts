/** What run.sh starts: all parts within the time, a folder and a log each, a summary after every one. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { atomicWriteFile } from '../../../src/nn/io/files/index.js';
import { versionIn } from '../../../src/nn/platform/node/packages.js';
import { parseOptions, USAGE, UsageError, type Options } from './options.js';
import { allParts, PARTS, type Site } from './parts.js';
import type { Part, PartResult } from './part.js';
import { runCommandAsync } from './processes.js';
import { runPartsAsync } from './run-parts.js';
import { summaryText, type Summary } from './summary.js';
import { chooseVulkan, thisMachine, type Vulkan } from './vulkan.js';

const app = fileURLToPath(new URL('../../..', import.meta.url));
const print = (text: string): void => void process.stdout.write(text);

/** A folder for caches that can be written: in the archive's folder, else among temporary files. */
function cacheFolder(): string {
  const inside = path.join(app, '..', 'cache');
  try {
    fs.mkdirSync(inside, { recursive: true });
    fs.accessSync(inside, fs.constants.W_OK);
    return inside;
  } catch {
    const outside = path.join(os.tmpdir(), `aofd-bundle-cache-${process.getuid?.() ?? 0}`);
    fs.mkdirSync(outside, { recursive: true });
    return outside;
  }
}

/** The given folder, or `data` beside run.sh where there is one. */
function dataFolder({ data }: Options): string | null {
  if (data !== null) return data;
  const beside = path.join(app, '..', 'data');
  return fs.existsSync(beside) ? beside : null;
}

async function drawnSetAsync(out: string): Promise<string | null> {
  try {
    const { writeDrawnSetAsync } = await import('./drawn-set.js');
    return await writeDrawnSetAsync(path.join(out, 'drawn'));
  } catch (error) {
    print(`drawing faces failed: ${(error as Error).message}\n`);
    return null;
  }
}

/** Keeps the summary in the results up to date. */
class SummaryFiles {
  readonly #started = new Date().toISOString();

  constructor(
    readonly out: string,
    readonly minutes: number,
    readonly machine: readonly string[],
  ) {}

  /** @returns the text for people */
  write(parts: readonly PartResult[], isFinished: boolean): string {
    const summary: Summary = {
      format: 'aofd-bundle/1',
      version: versionIn(app) ?? '?',
      started: this.#started,
      minutes: this.minutes,
      seconds: Math.round(performance.now()) / 1000,
      isFinished,
      machine: this.machine,
      parts,
    };
    const text = summaryText(summary);
    const json = `${JSON.stringify(summary, null, 1)}\n`;
    atomicWriteFile(path.join(this.out, 'summary.json'), json);
    atomicWriteFile(path.join(this.out, 'summary.txt'), text);
    return text;
  }
}

async function siteAsync(options: Options): Promise<Site> {
  const { out, device, minutes, only } = options;
  const data = dataFolder(options);
  const isTraining = only === null || only.includes('train');
  return {
    app,
    out,
    data,
    device,
    minutes,
    threads: os.availableParallelism(),
    drawn: data === null && isTraining ? await drawnSetAsync(out) : null,
  };
}

/** Variables of every command. */
function environment(out: string, vulkan: Vulkan): NodeJS.ProcessEnv {
  const cache = cacheFolder();
  return {
    ...process.env,
    XDG_CACHE_HOME: cache,
    MESA_SHADER_CACHE_DIR: path.join(cache, 'mesa'),
    AOFD_TUNE_CACHE: path.join(out, 'tune'),
    ...vulkan.env,
  };
}

/** @returns the exit code: 0, or 1 where a part failed, or 130 */
async function runAsync(options: Options): Promise<number> {
  const { out, minutes, only } = options;
  fs.mkdirSync(out, { recursive: true });
  const { signal, abort } = interruption();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, abort);
  const vulkan = chooseVulkan(thisMachine, path.join(app, '..', 'lib/vulkan'), out);
  if (vulkan.manifest) atomicWriteFile(vulkan.manifest.file, vulkan.manifest.content);
  const summary = new SummaryFiles(out, minutes, vulkan.said);
  summary.write([], false);
  const site = await siteAsync(options);
  const env = environment(out, vulkan);
  const parts = allParts(site).filter(({ name }) => only?.includes(name) ?? true);
  const results = await runPartsAsync(parts, 60_000 * minutes, {
    now: () => performance.now(), // from the start of this process
    isInterrupted: () => signal.aborted,
    report(done) {
      summary.write(done, false);
      const next = parts[done.length];
      const last = done.at(-1);
      if (last) print(`${last.name}: ${last.status}, ${last.seconds.toFixed(1)} s\n`);
      if (next) print(`${next.name} ...\n`);
    },
    runAsync: (part: Part, args, limitMs) => {
      const folder = path.join(out, part.name);
      fs.mkdirSync(folder, { recursive: true });
      const log = path.join(folder, 'log.txt');
      return runCommandAsync({
        args,
        limitMs,
        cwd: folder,
        env: { ...env, ...part.env },
        log,
        signal,
      });
    },
  });
  print(`\n${summary.write(results, true)}\nresults: ${out}\n`);
  if (signal.aborted) return 130;
  return results.some(({ status }) => status === 'failed') ? 1 : 0;
}

function interruption(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

async function mainAsync(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2), process.env, PARTS);
    if (options !== 'help') return await runAsync(options);
    print(USAGE);
    return 0;
  } catch (error) {
    process.stderr.write(`run.sh: ${(error as Error).message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exitCode = await mainAsync();
