/**
 * `npm run verify:vite`: the packed package in a fresh Vite project, by its development server and built, in
 * the embedded Chromium. Fetches Vite from the registry. Prints a line for each; exit code 1 where one finds no faces.
 */
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { launchChromiumAsync } from '../test/helpers/chromium.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const photograph = path.join(root, 'node_modules/@vladmandic/face-api/demo/sample1.jpg');
/** As a user writes it; what came of it is told in the page's title. */
const PAGE = '<!doctype html><title>waiting</title><script type="module" src="/main.js"></script>';
const CODE = `import { Detector } from 'aofd/browser';
Detector.createAsync({ maxSize: 320 })
  .then((detector) => detector.detectAsync('/photograph.jpg'))
  .then(({ faces }) => (document.title = 'faces: ' + faces.length))
  .catch((error) => (document.title = error.message));
`;

/** A project with Vite and the package as npm packs it; its browser part needs no other package. */
function makeProject(folder: string): void {
  const npm = (args: string[], cwd: string): string =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module","private":true}');
  npm(['install', '--no-audit', '--no-fund', 'vite'], folder);
  npm(['run', 'build'], root);
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const archive = path.join(folder, npm(pack, root).trim().split('\n').at(-1) ?? '');
  const target = path.join(folder, 'node_modules/aofd');
  fs.mkdirSync(target, { recursive: true });
  execFileSync('tar', ['xzf', archive, '-C', target, '--strip-components=1']);
  fs.mkdirSync(path.join(folder, 'public'));
  fs.copyFileSync(photograph, path.join(folder, 'public/photograph.jpg'));
  fs.writeFileSync(path.join(folder, 'index.html'), PAGE);
  fs.writeFileSync(path.join(folder, 'main.js'), CODE);
}

/** Serves the project with Vite and opens it. @returns the page's title */
async function titleAsync(browser: Browser, folder: string, args: string[]): Promise<string> {
  const vite = path.join(folder, 'node_modules/vite/bin/vite.js');
  const server = spawn(process.execPath, [vite, ...args, '--host', '127.0.0.1'], { cwd: folder });
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let text = '';
      server.stdout.on('data', (part: Buffer) => {
        text += part.toString().replace(/\x1b\[\d+m/g, '');
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(text);
        if (found) resolve(found[0]);
      });
      server.on('exit', () => reject(new Error(`vite ended: ${text}`)));
    });
    const page = await browser.newPage();
    await page.goto(address);
    await page.waitForFunction("document.title !== 'waiting'", null, { timeout: 120_000 });
    return await page.title();
  } finally {
    server.kill();
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aofd-vite-'));
try {
  makeProject(folder);
  const vite = path.join(folder, 'node_modules/vite/bin/vite.js');
  execFileSync(process.execPath, [vite, 'build'], { cwd: folder, stdio: 'ignore' });
  const browser = await launchChromiumAsync();
  for (const [name, args] of [
    ['development', []],
    ['built', ['preview']],
  ] as const) {
    const title = await titleAsync(browser, folder, [...args]);
    process.stdout.write(`${name}: ${title}\n`);
    if (!/^faces: [1-9]/.test(title)) process.exitCode = 1;
  }
  await browser.close();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
