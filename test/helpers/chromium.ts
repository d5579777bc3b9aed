/**
 * The Chromium of the package `@sparticuz/chromium` with its software WebGPU adapter: a real browser from npm
 * packages alone, for Linux x64. Unpacked once into the cache folder (about 250 MB).
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import process from 'node:process';
import { brotliDecompressSync } from 'node:zlib';
import { chromium, type Browser } from 'playwright-core';
import { folderAbove, versionIn } from '../../src/nn/platform/node/packages.js';
import { defaultCacheRoots, readTar } from '../../src/nn/platform/node/swiftshader.js';

/** WebGPU without a GPU, and no sandbox: tests run as root too. */
const FLAGS = ['--enable-unsafe-webgpu', '--no-sandbox', '--disable-dev-shm-usage'];

/** Archives of the package; their files go beside the program, where it looks for drivers. */
const ARCHIVES = ['al2023.tar.br', 'swiftshader.tar.br', 'fonts.tar.br'];

/**
 * Starts it.
 * @param flags further ones, such as those of a camera that plays a file
 * @throws Error saying why it cannot start
 */
export async function launchChromiumAsync(flags: readonly string[] = []): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`it exists for linux-x64, this is ${process.platform}-${process.arch}`);
  }
  const folder = unpackChromium();
  return chromium.launch({
    executablePath: path.join(folder, 'chromium'),
    args: [...FLAGS, ...flags],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: [folder, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_PATH: folder,
    },
  });
}

/** Starts it for a suite or test, which is left out, saying why, where it does not start. */
export async function chromiumForAsync(
  context: Mocha.Context,
  flags: readonly string[] = [],
): Promise<Browser> {
  try {
    return await launchChromiumAsync(flags);
  } catch (error) {
    const why = (error as Error).message.split('\n')[0];
    process.stderr.write(`    the embedded Chromium does not start, tests left out: ${why}\n`);
    return context.skip();
  }
}

/** @returns the folder that holds `chromium` */
function unpackChromium(): string {
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const found = folderAbove(path.dirname(main), 'bin/chromium.br');
  if (found === null) throw new Error('bin/chromium.br is not in @sparticuz/chromium');
  const name = `chromium-${versionIn(found)}`;
  const roots = defaultCacheRoots();
  const known = roots.map((root) => path.join(root, name)).find((folder) => fs.existsSync(folder));
  if (known !== undefined) return known;
  const problems: string[] = [];
  for (const root of roots) {
    try {
      return unpackInto(root, name, path.join(found, 'bin'));
    } catch (error) {
      problems.push(`${root}: ${(error as Error).message}`);
    }
  }
  throw new Error(`it cannot be unpacked (${problems.join('; ')})`);
}

function unpackInto(root: string, name: string, archives: string): string {
  const folder = path.join(root, name);
  const read = (file: string): Buffer =>
    brotliDecompressSync(fs.readFileSync(path.join(archives, file)));
  fs.mkdirSync(root, { recursive: true, mode: 0o700 });
  const aside = `${folder}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    fs.mkdirSync(aside);
    fs.writeFileSync(path.join(aside, 'chromium'), read('chromium.br'), { mode: 0o755 });
    for (const archive of ARCHIVES) {
      for (const [file, content] of readTar(read(archive))) {
        // The configuration of fonts names a folder of another machine.
        const text = content.toString();
        const isConfig = file === 'fonts.conf';
        const bytes = isConfig
          ? text.replace(/<dir>[^<]*<\/dir>/, `<dir>${folder}</dir>`)
          : content;
        fs.writeFileSync(path.join(aside, file), bytes, { mode: 0o755 });
      }
    }
    fs.renameSync(aside, folder);
  } catch (error) {
    fs.rmSync(aside, { recursive: true, force: true });
    // Another process may have been first; then its folder is as good as ours.
    if (!fs.existsSync(folder)) throw error;
  }
  return folder;
}
