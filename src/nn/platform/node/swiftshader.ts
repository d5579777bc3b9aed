/**
 * The embedded software Vulkan driver: SwiftShader, as packed in `@sparticuz/chromium`.
 * Unpacked once per package version into a cache folder; two processes may do so at once.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { PlatformError } from '../types.js';
import { folderAbove, resolveInstalled, versionIn } from './packages.js';

/** The packed driver, by its path in the package that holds it. */
const ARCHIVE = 'bin/swiftshader.tar.br';
const DRIVER = 'libvk_swiftshader.so';
const LOADER = 'libvulkan.so.1';
const ICD = 'vk_swiftshader_icd.json';

/** Where the unpacked files are (absolute paths). */
export interface EmbeddedDriver {
  /** Vulkan driver manifest, for `VK_ICD_FILENAMES`. */
  icdFile: string;
  /** The Vulkan loader that came along. */
  loaderFile: string;
}

/**
 * Unpacks the driver if needed.
 * @param cacheRoots folders to try, first usable wins
 * @throws PlatformError `no-adapter` (this system or package has none) or `cache-not-writable`
 */
export function unpackEmbeddedDriver(cacheRoots = defaultCacheRoots()): EmbeddedDriver {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new PlatformError(
      'no-adapter',
      `platform: the embedded software adapter exists for linux-x64 only, this is ${process.platform}-${process.arch}.`,
      {
        fix: 'install the graphics driver of this machine, or a software Vulkan driver such as Mesa lavapipe.',
      },
    );
  }
  const { archive, version } = findArchive();
  const problems: string[] = [];
  for (const root of cacheRoots) {
    try {
      return unpackInto(root, `swiftshader-${version}`, archive);
    } catch (error) {
      problems.push(`${root}: ${(error as Error).message}`);
    }
  }
  throw new PlatformError(
    'cache-not-writable',
    `platform: the software adapter could not be unpacked (${problems.join('; ')}).`,
    { fix: 'set AOFD_CACHE_DIR to a folder that can be written and holds 20 MB.' },
  );
}

/** `AOFD_CACHE_DIR`, the user's cache folder, then a private one among temporary files. */
export function defaultCacheRoots(): string[] {
  const roots: string[] = [];
  if (process.env.AOFD_CACHE_DIR) roots.push(path.resolve(process.env.AOFD_CACHE_DIR));
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  if (path.isAbsolute(base)) roots.push(path.join(base, 'aofd'));
  roots.push(path.join(os.tmpdir(), `aofd-cache-${process.getuid?.() ?? 'user'}`));
  return roots;
}

function findArchive(): { archive: string; version: string } {
  try {
    const main = resolveInstalled('@sparticuz/chromium');
    const folder = folderAbove(path.dirname(main), ARCHIVE);
    const version = folder === null ? null : versionIn(folder);
    if (folder === null || version === null) throw new Error(`${ARCHIVE} is not there`);
    return { archive: path.join(folder, ARCHIVE), version };
  } catch (error) {
    throw new PlatformError(
      'no-adapter',
      `platform: the package that holds the software adapter is not usable (${(error as Error).message}).`,
      { fix: 'run "npm ci" again, or install a Vulkan driver (Debian: mesa-vulkan-drivers).' },
    );
  }
}

function unpackInto(root: string, name: string, archive: string): EmbeddedDriver {
  const folder = path.join(root, name);
  const driverFile = path.join(folder, DRIVER);
  if (!fs.existsSync(driverFile) || !fs.existsSync(path.join(folder, LOADER))) {
    fs.mkdirSync(root, { recursive: true, mode: 0o700 });
    // Written aside and renamed as a whole: a folder of the final name is always complete.
    const aside = `${folder}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
    try {
      fs.mkdirSync(aside, { mode: 0o700 });
      const files = readTar(brotliDecompressSync(fs.readFileSync(archive)));
      for (const wanted of [DRIVER, LOADER]) {
        const content = files.get(wanted);
        if (!content) throw new Error(`${wanted} is not in ${archive}`);
        fs.writeFileSync(path.join(aside, wanted), content, { mode: 0o755 });
      }
      fs.writeFileSync(path.join(aside, ICD), icdText(driverFile));
      fs.renameSync(aside, folder);
    } catch (error) {
      fs.rmSync(aside, { recursive: true, force: true });
      // Another process may have been first; then its folder is as good as ours.
      if (!fs.existsSync(driverFile)) throw error;
    }
  }
  const icdFile = path.join(folder, ICD);
  const text = icdText(driverFile);
  if (!fs.existsSync(icdFile) || fs.readFileSync(icdFile, 'utf8') !== text) {
    // The folder was moved: the manifest needs the driver's absolute path.
    const aside = `${icdFile}.tmp-${process.pid}`;
    fs.writeFileSync(aside, text);
    fs.renameSync(aside, icdFile);
  }
  return { icdFile, loaderFile: path.join(folder, LOADER) };
}

function icdText(driverFile: string): string {
  return JSON.stringify({
    file_format_version: '1.0.0',
    ICD: { library_path: driverFile, api_version: '1.1.0' },
  });
}

/** Regular files of a ustar archive by base name. */
export function readTar(tar: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string => {
    const bytes = tar.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
  };
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12).trim() || '0', 8);
    const type = tar[at + 156];
    if (!Number.isFinite(size) || at + 512 + size > tar.length) {
      throw new Error(`archive is damaged at byte ${at}`);
    }
    if (type === 0 || type === 0x30) {
      files.set(path.posix.basename(text(at, 100)), tar.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
