import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  adapterKind,
  isSoftware,
  PlatformError,
  platformAsync,
} from '../../../src/nn/platform/index.js';
import { createBrowserPlatform } from '../../../src/nn/platform/browser.js';
import {
  defaultCacheRoots,
  readTar,
  unpackEmbeddedDriver,
} from '../../../src/nn/platform/node/swiftshader.js';
import { useSuiteFolder } from '../../helpers/temp-folder.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64';

/** Runs TypeScript in a fresh process: adapters are chosen once per process start. */
function evaluate(code: string, env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '--eval', code], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

const CHOOSE = `
  await import('./src/nn/platform/node/use.ts');
  const { platformAsync } = await import('./src/nn/platform/index.ts');
  const p = await platformAsync();
  const c = await p.requestAdapterAsync();
  const device = await p.settle(c.adapter.requestDevice());
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ });
  await p.settle(buffer.mapAsync(GPUMapMode.READ));
  console.log(JSON.stringify({ kind: c.kind, source: c.source, notice: c.notice, icd: process.env.VK_ICD_FILENAMES ?? null }));
  process.exit(0);
`;

function info(text: string, isFallbackAdapter = false): GPUAdapterInfo {
  return {
    vendor: '',
    architecture: '',
    device: '',
    description: text,
    isFallbackAdapter,
  } as unknown as GPUAdapterInfo;
}

describe('platform', () => {
  it('says in Electron that the binding cannot work there, and what can', () => {
    const { stdout, stderr } = evaluate(`
      Object.defineProperty(process.versions, 'electron', { value: '39.2.1' });
      await import('./src/nn/platform/node/use.ts');
      const { platformAsync } = await import('./src/nn/platform/index.ts');
      const platform = await platformAsync();
      await platform.requestAdapterAsync({ name: 'swiftshader' }).catch(({ code, message }) => {
        console.log(code, message);
      });
    `);
    expect(stdout, stderr).to.match(/^electron platform: Electron 39\.2\.1 .* aofd\/browser/);
  });

  it('recognises kinds of adapters', () => {
    expect(adapterKind(info('llvmpipe: Mesa 25.0.7', true))).to.equal('lavapipe');
    expect(adapterKind(info('SwiftShader driver 5.0.0', true))).to.equal('swiftshader');
    expect(adapterKind(info('NVIDIA H100'))).to.equal('gpu');
    expect(adapterKind(info('Microsoft Basic Render Driver'))).to.equal('unknown');
    expect(adapterKind(info(''))).to.equal('unknown');
    expect(isSoftware('lavapipe')).to.equal(true);
    expect(isSoftware('gpu')).to.equal(false);
  });

  it('reads kernels by name, with or without the ending', async () => {
    const platform = await platformAsync();
    const text = platform.loadKernelSource('include/grid.wgsl');
    expect(text).to.include('fn linear_index');
    expect(platform.loadKernelSource('include/grid')).to.equal(text);
    const names = platform.kernelNames();
    expect(names).to.deep.equal([...names].sort());
    expect(names.some((name) => name.startsWith('include/') || name.endsWith('.wgsl'))).to.equal(
      false,
    );
    for (const name of ['no/such_kernel', '../package.json', '../src/nn/index']) {
      expect(() => platform.loadKernelSource(name)).to.throw(PlatformError, 'no kernel');
    }
  });

  it('settles promises of all kinds, napping or not', async () => {
    const { settle } = await platformAsync();
    for (const maxSleepMs of [0, 0.2, 1]) {
      expect(await settle(Promise.resolve(5), maxSleepMs)).to.equal(5);
      const later = new Promise<string>((resolve) => setTimeout(() => resolve('late'), 8));
      expect(await settle(later, maxSleepMs)).to.equal('late');
      const failure = await settle(Promise.reject(new Error('no')), maxSleepMs).catch(
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(Error).with.property('message', 'no');
    }
  });

  it('says what to do when an adapter is asked for that does not exist', async () => {
    const platform = await platformAsync();
    const error = await platform
      .requestAdapterAsync({ name: 'no such adapter' })
      .catch((e: unknown) => e);
    expect(error).to.be.instanceOf(PlatformError).with.property('code', 'no-adapter');
    expect((error as PlatformError).message)
      .to.include('Fix: ')
      .and.include('swiftshader');
  });

  it('has its kernels in a browser from the embedded module', () => {
    const platform = createBrowserPlatform({ 'a/b': 'B', 'include/c.wgsl': 'C' });
    expect(platform.loadKernelSource('a/b')).to.equal('B');
    expect(platform.loadKernelSource('a/b.wgsl')).to.equal('B');
    expect(platform.loadKernelSource('include/c.wgsl')).to.equal('C');
    expect(platform.kernelNames()).to.deep.equal(['a/b']);
    expect(() => platform.loadKernelSource('x')).to.throw(PlatformError, 'embed');
  });

  it('reads tar archives and refuses damaged ones', () => {
    const tar = new Uint8Array(2048);
    tar.set(Buffer.from('./dir/a.txt\0'));
    tar.set(Buffer.from('00000000003\0'), 124);
    tar[156] = 0x30;
    tar.set(Buffer.from('abc'), 512);
    const files = readTar(tar);
    expect([...files.keys()]).to.deep.equal(['a.txt']);
    expect(Buffer.from(files.get('a.txt') ?? []).toString()).to.equal('abc');
    expect(() => readTar(tar.subarray(0, 514))).to.throw('damaged');
  });

  it('keeps its cache where it may write', () => {
    for (const folder of defaultCacheRoots()) expect(path.isAbsolute(folder)).to.equal(true);
  });

  describe('embedded software adapter', function () {
    const at = useSuiteFolder();
    before(function () {
      if (!isLinuxX64) this.skip();
    });

    it('unpacks once, completely, with an absolute driver path', () => {
      const driver = unpackEmbeddedDriver([at('one')]);
      const icd = JSON.parse(fs.readFileSync(driver.icdFile, 'utf8')) as {
        ICD: { library_path: string };
      };
      expect(path.isAbsolute(icd.ICD.library_path)).to.equal(true);
      const before = fs.statSync(icd.ICD.library_path).mtimeMs;
      expect(unpackEmbeddedDriver([at('one')])).to.deep.equal(driver);
      expect(fs.statSync(icd.ICD.library_path).mtimeMs).to.equal(before);
      expect(fs.existsSync(driver.loaderFile)).to.equal(true);
    });

    it('repairs the manifest after the cache was moved', () => {
      unpackEmbeddedDriver([at('from')]);
      fs.renameSync(at('from'), at('to'));
      const driver = unpackEmbeddedDriver([at('to')]);
      expect(fs.readFileSync(driver.icdFile, 'utf8')).to.include(at('to'));
    });

    it('goes on to the next folder when one cannot be used', () => {
      fs.writeFileSync(at('file'), '');
      const driver = unpackEmbeddedDriver([at('file'), at('next')]);
      expect(driver.icdFile).to.include(at('next'));
      expect(() => unpackEmbeddedDriver([at('file')])).to.throw(PlatformError, 'AOFD_CACHE_DIR');
    });

    it('may be unpacked by several processes at once', async () => {
      const code = `import('./src/nn/platform/node/swiftshader.ts').then((m) => m.unpackEmbeddedDriver())`;
      const cache = at('shared');
      const exits = await Promise.all(
        [1, 2, 3].map(
          () =>
            new Promise<number | null>((resolve) => {
              spawn(process.execPath, ['--import=tsx', '--eval', code], {
                cwd: root,
                env: { ...process.env, AOFD_CACHE_DIR: cache },
              }).on('exit', resolve);
            }),
        ),
      );
      expect(exits).to.deep.equal([0, 0, 0]);
      expect(fs.readdirSync(cache)).to.have.length(1);
    });

    it('is used, with one line saying so, when no driver is registered', () => {
      const run = evaluate(CHOOSE, {
        AOFD_ADAPTER: '',
        AOFD_CACHE_DIR: at('one'),
        VK_ICD_FILENAMES: '/nonexistent',
        VK_DRIVER_FILES: undefined,
      });
      expect(run.status, run.stderr).to.equal(0);
      const found = JSON.parse(run.stdout) as Record<string, string>;
      expect(found.kind).to.equal('swiftshader');
      expect(found.source).to.equal('embedded');
      expect(found.notice).to.include('mesa-vulkan-drivers').and.not.include('\n');
      expect(found.icd, 'the environment is as before').to.equal('/nonexistent');
    });

    it('is used without a line when asked for', () => {
      const run = evaluate(CHOOSE, {
        AOFD_ADAPTER: 'swiftshader',
        AOFD_CACHE_DIR: at('one'),
      });
      expect(run.status, run.stderr).to.equal(0);
      const found = JSON.parse(run.stdout) as Record<string, string | null>;
      expect(found.kind).to.equal('swiftshader');
      expect(found.notice).to.equal(null);
    });
  });
});
