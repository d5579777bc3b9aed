/** Projects of somebody else's whose page uses the installed package, served as their bundlers do. */
import { execFile, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { root } from '../../scripts/verify/consumer.js';

const modules = path.join(root, 'node_modules');
const photograph = path.join(modules, '@vladmandic/face-api/demo/sample1.jpg');
const VITE = path.join(modules, 'vite/bin/vite.js');
const ESBUILD = path.join(modules, 'esbuild/bin/esbuild');

/** As a user writes it; what came of it is told in the page's title. */
const page = (script: string): string =>
  `<!doctype html><title>waiting</title><script type="module" src="${script}"></script>`;
const code = (first: string, options: string): string => `import { Detector } from 'aofd/browser';
${first}
Detector.createAsync({ maxSize: 320${options} })
  .then((detector) => detector.detectAsync('/photograph.jpg'))
  .then(({ faces }) => (document.title = 'faces: ' + faces.length))
  .catch((error) => (document.title = error.message));
`;

/** Writes the project's files beside its `node_modules`. */
export function writeProject(folder: string): void {
  const write = (name: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  };
  write('package.json', '{"type":"module","private":true}');
  write('index.html', page('/main.js'));
  write('main.js', code('', ''));
  // esbuild leaves addresses relative to a module as they are: the weights are imported (docs/browser.md).
  const named = "import weights from 'aofd/browser/aofd-lite.web.safetensors';";
  write('named.js', code(named, ', weights'));
  write('esbuild/index.html', page('/named.js'));
  write('public/photograph.jpg', '');
  fs.copyFileSync(photograph, path.join(folder, 'public/photograph.jpg'));
  fs.copyFileSync(photograph, path.join(folder, 'esbuild/photograph.jpg'));
}

/** Runs a bundler to its end. */
export async function bundleAsync(folder: string, bundler: 'vite' | 'esbuild'): Promise<void> {
  const runAsync = promisify(execFile);
  if (bundler === 'vite') {
    await runAsync(process.execPath, [VITE, 'build'], { cwd: folder });
    return;
  }
  const args = [
    'named.js',
    '--bundle',
    '--format=esm',
    '--outdir=esbuild',
    '--loader:.safetensors=file',
  ];
  await runAsync(ESBUILD, [...args, '--public-path=/'], { cwd: folder });
}

/** Serves the project, or a folder of it, with Vite and opens it. @returns the page's title */
export async function titleAsync(
  browser: Browser,
  folder: string,
  args: readonly string[],
): Promise<string> {
  const server = spawn(process.execPath, [VITE, ...args, '--host', '127.0.0.1'], { cwd: folder });
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
    const shown = await browser.newPage();
    await shown.goto(address);
    await shown.waitForFunction("document.title !== 'waiting'", null, { timeout: 240_000 });
    return await shown.title();
  } finally {
    server.kill();
  }
}
