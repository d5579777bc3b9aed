/**
 * `npm run verify:peers [-- --data LIST.json --limit 40 --repeats 5]`: face detectors for browsers, side by side in
 * the embedded Chromium on the same photographs. Installs the others into the cache folder of this user, not
 * into this repository. LIST is a COCO list whose names start in its own folder; without it the photographs of
 * @vladmandic/face-api are looked at, which have no labels. Prints a table.
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { loadCoco } from '../src/aofd/data/sets/coco.js';
import type { FaceBox } from '../src/aofd/data/sample.js';
import { defaultCacheRoots } from '../src/nn/platform/node/swiftshader.js';
import { launchChromiumAsync } from '../test/helpers/chromium.js';
import { bundleBrowserAsync } from './browser-bundle.js';
import {
  defaultWeightsFile,
  readWeightsAsync,
} from '../src/aofd/weights/files/detector-weights.js';
import { webWeights } from '../src/aofd/weights/web-weights.js';
import { PACKAGES, PEERS, type Found, type Peer } from './verify/browser-peers.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const samples = path.join(root, 'node_modules/@vladmandic/face-api/demo');

/** A photograph with what is known of its faces. */
interface Photo {
  file: string;
  faces: FaceBox[];
}

/** What was counted of one detector. */
interface Tally {
  open: number;
  covered: number;
  extra: number;
  /** Mean share said of covered and of uncovered faces that were found; empty for detectors without. */
  shares: { open: number[]; covered: number[] };
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    limit: { type: 'string', default: '40' },
    repeats: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
});
const repeats = Number(values.repeats);
const peers = PEERS.filter(
  ({ name }, i) => i === 0 || values.only === '' || name.includes(values.only),
);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Installs the packages where they are not yet. @returns their node_modules */
function installPeers(): string {
  const folder = path.join(defaultCacheRoots()[0] ?? os.tmpdir(), 'browser-peers');
  fs.mkdirSync(folder, { recursive: true });
  const wanted = JSON.stringify({ private: true, dependencies: PACKAGES });
  const list = path.join(folder, 'package.json');
  if (!fs.existsSync(list) || fs.readFileSync(list, 'utf8') !== wanted) {
    fs.writeFileSync(list, wanted);
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    execFileSync('npm', args, { cwd: folder, stdio: 'ignore' });
  }
  return path.join(folder, 'node_modules');
}

/** Photographs at even distances over the list. */
function readPhotos(): Photo[] {
  if (values.data === undefined) {
    const names = [1, 2, 3, 4, 5, 6].map((i) => path.join(samples, `sample${i}.jpg`));
    return names.map((file) => ({ file, faces: [] }));
  }
  const all = loadCoco(values.data, { imageRoot: path.dirname(values.data) });
  const count = Math.min(all.length, Number(values.limit));
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

/** Serves packages, our bundle, page modules and photographs. */
async function serveAsync(
  packages: string,
  photos: readonly Photo[],
): Promise<{ origin: string; files: Map<string, Buffer>; close: () => void }> {
  const own = new Map<string, Uint8Array>();
  for (const { name, contents } of await bundleBrowserAsync()) own.set(`/aofd/${name}`, contents);
  const weights = webWeights(await readWeightsAsync(defaultWeightsFile()));
  own.set('/aofd/aofd-lite.web.safetensors', weights);
  peers.forEach(({ name, module }, i) => {
    own.set(`/${i}.js`, Buffer.from(module));
    const head = `<!doctype html><title>${name}</title><link rel="icon" href="data:,">`;
    own.set(`/${i}.html`, Buffer.from(`${head}<script type="module" src="/${i}.js"></script>`));
  });
  const files = new Map<string, Buffer>();
  const contentOf = (name: string): Uint8Array | undefined => {
    const photo = /^\/photo\/(\d+)$/.exec(name)?.[1];
    if (photo !== undefined) return fs.readFileSync(photos[Number(photo)]?.file ?? '');
    const file = path.join(packages, name.replace(/^\/npm\//, ''));
    const isPackage = name.startsWith('/npm/') && file.startsWith(packages);
    return own.get(name) ?? (isPackage && fs.existsSync(file) ? fs.readFileSync(file) : undefined);
  };
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.mjs': 'text/javascript',
    '.json': 'application/json',
    '.wasm': 'application/wasm',
  };
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const content = contentOf(pathname);
    response.writeHead(content ? 200 : 404, {
      'content-type': types[path.extname(pathname)] ?? 'application/octet-stream',
    });
    response.end(content);
    if (content) files.set(pathname, Buffer.from(content));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://localhost:${port}`, files, close };
}

const find = (page: Page, address: string): Promise<Found> =>
  page.evaluate(`peer.findAsync(${JSON.stringify(address)})`);

/** A new page, as a visitor's first; the time from the address to the first faces, from a server near by. */
async function openAsync(
  browser: Browser,
  origin: string,
  index: number,
): Promise<{ page: Page; firstMs: number; requests: Set<string> }> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = new Set<string>();
  page.on('request', (request) => requests.add(new URL(request.url()).pathname));
  const before = performance.now();
  await page.goto(`${origin}/${index}.html`);
  await page.waitForFunction('globalThis.peer !== undefined', null, { timeout: 120_000 });
  await page.evaluate('peer.startAsync()');
  await find(page, '/photo/0');
  return { page, firstMs: performance.now() - before, requests };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

/** Whether a box means a labelled face: IoU .4, or its middle in the label and the label's in it. */
function isSame([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: number[], face: FaceBox): boolean {
  const [a1, b1] = face.box;
  const [a2, b2] = [face.box[2] + 1, face.box[3] + 1];
  const w = Math.min(x2, a2) - Math.max(x1, a1);
  const h = Math.min(y2, b2) - Math.max(y1, b1);
  if (w <= 0 || h <= 0) return false;
  const common = w * h;
  if (common / ((x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - common) >= 0.4) return true;
  const [cx, cy, dx, dy] = [(x1 + x2) / 2, (y1 + y2) / 2, (a1 + a2) / 2, (b1 + b2) / 2];
  return cx > a1 && cx < a2 && cy > b1 && cy < b2 && dx > x1 && dx < x2 && dy > y1 && dy < y2;
}

function count(tally: Tally, { faces }: Photo, { boxes, covered }: Found): void {
  const free = new Set(boxes.keys());
  for (const face of faces.filter((f) => !f.ignore)) {
    const match = [...free].find((i) => isSame(boxes[i]!, face));
    if (match === undefined) continue;
    free.delete(match);
    const kind = face.attributes?.cover === 'masked' ? 'covered' : 'open';
    tally[kind]++;
    const share = covered[match];
    if (share != null) tally.shares[kind].push(share);
  }
  tally.extra += [...free].filter((i) => !faces.some((face) => isSame(boxes[i]!, face))).length;
}

/** A detector that runs, with what was measured of it. */
interface Running {
  peer: Peer;
  page: Page;
  requests: Set<string>;
  firstMs: number[];
  warmMs: number[];
  tally: Tally;
}

/** Opens every detector `repeats` times, in turn; the pages of the last turn are kept. One may fail. */
async function openAllAsync(browser: Browser, origin: string): Promise<Running[]> {
  const running = new Map<Peer, Running>();
  const failed = new Set<Peer>();
  for (let turn = 0; turn < repeats; turn++) {
    for (const [index, peer] of peers.entries()) {
      if (failed.has(peer)) continue;
      const before = running.get(peer);
      await before?.page.context().close();
      try {
        const { page, requests, firstMs } = await openAsync(browser, origin, index);
        const tally = { open: 0, covered: 0, extra: 0, shares: { open: [], covered: [] } };
        const all = [...(before?.firstMs ?? []), firstMs];
        running.set(peer, { peer, page, requests, firstMs: all, warmMs: [], tally });
      } catch (error) {
        failed.add(peer);
        running.delete(peer);
        print(`${peer.name} does not run: ${(error as Error).message.split('\n')[0]}`);
      }
    }
  }
  return [...running.values()];
}

/** Times on one photograph, in turn, so that other work on the machine meets all alike. */
async function warmAsync(running: readonly Running[]): Promise<void> {
  for (let turn = 0; turn < repeats + 1; turn++) {
    for (const { page, warmMs } of running) {
      const { timeMs } = await find(page, '/photo/0');
      if (turn > 0) warmMs.push(timeMs);
    }
  }
}

/** Bytes that a page loads, gzipped, without photographs. */
function downloadOf({ requests }: Running, files: ReadonlyMap<string, Buffer>): number {
  const names = [...requests].filter((name) => !name.startsWith('/photo/'));
  const packed = names.map((name) => gzipSync(files.get(name) ?? '').length);
  return packed.reduce((sum, length) => sum + length, 0);
}

function rowOf({ peer, firstMs, warmMs, tally }: Running, ours: Running, bytes: number): string {
  const mean = (shares: number[]): string =>
    `${Math.round((100 * shares.reduce((a, b) => a + b, 0)) / Math.max(1, shares.length))} %`;
  const { open, covered } = tally.shares;
  const isSaid = open.length + covered.length > 0;
  const ratios = warmMs.map((time, turn) => time / ours.warmMs[turn]!);
  const cells = [
    peer.name,
    peer.runs,
    `${(bytes / 1e6).toFixed(1)} MB`,
    `${(median(firstMs) / 1000).toFixed(1)} s`,
    `${Math.round(median(warmMs))} ms`,
    median(ratios).toFixed(2),
    `${tally.open}`,
    `${tally.covered}`,
    `${tally.extra}`,
    isSaid ? `${mean(covered)} of covered, ${mean(open)} of other faces` : 'nothing',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What the figures hold for. */
function printHead(browser: Browser, photos: readonly Photo[]): void {
  const labelled = photos.flatMap(({ faces }) => faces.filter((face) => !face.ignore));
  const covered = labelled.filter(({ attributes }) => attributes?.cover === 'masked').length;
  print(`Chromium ${browser.version()}, ${os.cpus()[0]?.model}, ${os.cpus().length} processors`);
  print(`load of the machine now: ${os.loadavg()[0]?.toFixed(1)}; ${repeats} repeats, medians`);
  print(
    `${photos.length} photographs, ${labelled.length} labelled faces, ${covered} of them covered\n`,
  );
  const heads = [
    ...['detector', 'runs on', 'download, gzipped', 'first faces', 'warm', 'times ours'],
    ...['uncovered found', 'covered found', 'other boxes', 'mean share said'],
  ];
  print(`| ${heads.join(' | ')} |`);
  print(`|${' --- |'.repeat(heads.length)}`);
}

const packages = installPeers();
const photos = readPhotos();
const site = await serveAsync(packages, photos);
// MediaPipe draws its input with WebGL, which needs leave to run on the processor.
const browser = await launchChromiumAsync([
  '--enable-unsafe-swiftshader',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--ignore-gpu-blocklist',
]);
try {
  const running = await openAllAsync(browser, site.origin);
  const [ours] = running;
  if (!ours || ours.peer !== PEERS[0]) throw new Error('our own detector does not run, see above');
  await warmAsync(running);
  for (const [k, photo] of photos.entries()) {
    for (const { page, tally } of running) count(tally, photo, await find(page, `/photo/${k}`));
  }
  printHead(browser, photos);
  for (const one of running) print(rowOf(one, ours, downloadOf(one, site.files)));
} finally {
  await browser.close();
  site.close();
}
