/**
 * `npm run verify:firefox`, `npm run verify:chromium`: the package in the browser of this system (`FIREFOX`,
 * `CHROMIUM` name another program), without a window. Its faces, in a page and in a module worker, are compared
 * with Node's. Prints what it saw; exit code 1 where something differs, 2 where there is no such browser.
 */
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import '../src/aofd/node.js'; // the platform
import { COMPARED, nodeFacesAsync } from '../test/browser/node-faces.js';
import type { Outcome } from '../test/browser/outcome.js';
import { serveAsync } from '../test/browser/site.js';

/** Time for everything in the browser: software adapters are slow. */
const PATIENCE_MS = 300_000;

/** WebGPU is an option of Firefox on Linux; the rest keeps a new profile quiet. */
const FIREFOX_SETTINGS = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
};

interface Browser {
  /** Programs by preference. */
  programs: (string | undefined)[];
  /** Arguments for a new profile in `folder`, which may be written to. */
  args(folder: string): string[];
}

const BROWSERS: Record<string, Browser> = {
  firefox: {
    programs: [process.env['FIREFOX'], 'firefox', 'firefox-esr'],
    args: (folder) => {
      const lines = Object.entries(FIREFOX_SETTINGS).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
      );
      fs.writeFileSync(path.join(folder, 'user.js'), lines.join(''));
      return ['--headless', '--no-remote', '--profile', folder];
    },
  },
  chromium: {
    programs: [process.env['CHROMIUM'], 'chromium', 'chromium-browser', 'google-chrome'],
    args: (folder) => [
      '--headless=new',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--enable-unsafe-webgpu',
      '--no-first-run',
      `--user-data-dir=${folder}`,
    ],
  },
};

/** Runs in the browser and sends back what came of it. */
const SCRIPT = `import '/test/detect.js';
const send = (result) => fetch('/outcome', { method: 'POST', body: JSON.stringify(result) });
const { userAgent } = navigator;
(async () => {
  const page = await tests.photographsAsync(${JSON.stringify(COMPARED)});
  return { userAgent, ...page, worker: await tests.workerAsync().catch(String) };
})().then(send, (error) => send({ userAgent, error: String(error) }));
`;

interface Report {
  userAgent: string;
  error?: string;
  found: Outcome[];
  adapter: { name: string };
  worker: Outcome | string;
}

/** The first of the programs that starts, with its version. */
function findProgram(programs: Browser['programs']): { program: string; version: string } | null {
  for (const program of programs) {
    if (program === undefined) continue;
    try {
      const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
      const version = execFileSync(program, ['--version'], { encoding: 'utf8', stdio });
      return { program, version: version.trim() };
    } catch {
      // not on this machine
    }
  }
  return null;
}

/** Opens the page in a browser of its own profile and waits for its report. */
async function reportOfAsync(program: string, browser: Browser): Promise<Report> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-browser-'));
  const { promise, resolve, reject } = withResolvers<string>();
  const page = '<!doctype html><title>tests</title><script type="module" src="/run.js"></script>';
  const files = [
    ['/run.html', page],
    ['/run.js', SCRIPT],
  ] as const;
  const site = await serveAsync({ files, onPost: resolve });
  const args = [...browser.args(folder), `${site.origin}/run.html`];
  // A group of its own: browsers start further processes.
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const ended = new Promise((done) => child.once('exit', done));
  let complaints = '';
  child.stderr.on('data', (part: Buffer) => (complaints += part.toString()));
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`it ended by itself (${code}): ${complaints}`)));
  const timer = setTimeout(
    () =>
      reject(
        new Error(
          `no answer within ${PATIENCE_MS / 1000} s (the page asked last for ${site.requests.at(-1) ?? 'nothing'}): ${complaints}`,
        ),
      ),
    PATIENCE_MS,
  );
  try {
    return JSON.parse(await promise) as Report;
  } finally {
    clearTimeout(timer);
    if (child.pid !== undefined && child.exitCode === null) {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    await site[Symbol.asyncDispose]();
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Promise.withResolvers of later versions of Node. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: Error) => void;
} {
  let [resolve, reject] = [(_: T): void => undefined, (_: Error): void => undefined];
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** Largest differences in box (px) and score; null where the faces are not the same ones. */
function difference(
  found: Outcome | string | undefined,
  expected: Outcome,
): { box: number; score: number } | null {
  if (typeof found !== 'object' || found.faces.length !== expected.faces.length) return null;
  const worst = { box: 0, score: 0 };
  found.faces.forEach((face, i) => {
    const other = expected.faces[i]!;
    face.box.forEach((v, k) => (worst.box = Math.max(worst.box, Math.abs(v - other.box[k]!))));
    worst.score = Math.max(worst.score, Math.abs(face.score - other.score));
  });
  return worst;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const name = process.argv[2] ?? '';
const browser = BROWSERS[name];
if (!browser) throw new Error(`${name} is not known. Fix: firefox or chromium.`);
const found = findProgram(browser.programs);
if (!found) {
  print(`no ${name} here. Fix: install it, or name its program with ${name.toUpperCase()}.`);
  process.exit(2);
}
print(`${found.version} (${found.program})`);
const report = await reportOfAsync(found.program, browser);
if (report.error !== undefined) throw new Error(`${report.userAgent}: ${report.error}`);
print(`adapter: ${report.adapter.name}`);
const expected = await nodeFacesAsync();
const rows = [
  ...COMPARED.map((i, k) => [`sample${i}.jpg`, report.found[k], expected[k]!] as const),
  ['worker', report.worker, expected[0]!] as const,
];
for (const [what, outcome, wanted] of rows) {
  const worst = difference(outcome, wanted);
  const isGood = worst !== null && worst.box <= 0.01 && worst.score <= 1e-5;
  if (!isGood) process.exitCode = 1;
  const seen = worst
    ? `${wanted.faces.length} faces, within ${worst.box.toExponential(1)} px and ${worst.score.toExponential(1)}`
    : `not Node's ${wanted.faces.length} faces: ${typeof outcome === 'string' ? outcome : outcome?.faces.length}`;
  print(`${isGood ? 'same' : 'DIFFERS'}  ${what}: ${seen}`);
}
